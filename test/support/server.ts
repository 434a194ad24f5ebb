import { pino } from 'pino';
import type { Configuration } from '../../src/main/configuration.ts';
import { startServer } from '../../src/main/server.ts';
import { IS_SHARED } from './shape.ts';
import { startSharedServer } from './shared-server.ts';
import { temporaryFolder } from './temporary-folder.ts';

/** Whose credentials a call carries. */
export interface Credentials {
  readonly username: string;
  readonly apiKey: string;
}

export interface TestServer {
  readonly url: string;
  readonly dataFolder: string;
  readonly admin: Credentials;
  /** Calls as `admin`, with a JSON body where one is given, and reads the JSON answer. */
  call(method: string, path: string, body?: unknown, credentials?: Credentials): Promise<Answer>;
  stop(): Promise<void>;
}

// biome-ignore lint/suspicious/noExplicitAny: a test looks into answers of every shape
export type Answer = { readonly status: number; readonly headers: Headers; readonly body: any };

/** A configuration for tests: a free port, a folder of its own. */
export function testConfiguration(dataFolder: string, overrides: Partial<Configuration> = {}): Configuration {
  return {
    host: '127.0.0.1',
    port: 0,
    dataFolder,
    buildSlots: 2,
    buildsPerApp: 256,
    buildTimeoutMs: 60_000,
    deployTimeoutMs: 60_000,
    deployFolders: [],
    repositoryTimeoutMs: 30_000,
    fetchTimeoutMs: 60_000,
    publicUrl: undefined,
    linkTtlSeconds: 900,
    downloads: 'server',
    uploadLimitBytes: 2 ** 30,
    cacheSizeBytes: 64 * 1024 * 1024,
    mxbuildMirror: undefined,
    javaHomes: [],
    warmMxbuilds: 1,
    warmMxbuildIdleMs: 600_000,
    sandbox: 'auto',
    sandboxPull: 'never',
    sandboxFolders: [],
    buildMemoryBytes: 2 ** 30,
    buildDiskBytes: 256 * 1024 * 1024,
    buildProcesses: 256,
    buildCacheBytes: 256 * 1024 * 1024,
    webhookNetworks: [],
    traces: 'off',
    shutdownGraceMs: 10_000,
    trustProxy: false,
    logLevel: 'silent',
    ...overrides,
  };
}

/** A whole server on a folder of the test's own, in the shape that tests run on, stopped when the test ends. */
export async function startTestServer(
  test: { after(work: () => unknown): void },
  overrides: Partial<Configuration> = {},
): Promise<TestServer> {
  const dataFolder = overrides.dataFolder ?? (await temporaryFolder(test));
  const configuration = testConfiguration(dataFolder, overrides);
  const server = IS_SHARED
    ? await startSharedServer(test, configuration)
    : await startServer(configuration, pino({ level: 'silent' }));
  test.after(() => server.stop());
  const admin = { username: 'admin', apiKey: server.adminKey ?? '' };
  return {
    url: server.url,
    dataFolder,
    admin,
    call: (method, path, body, credentials = admin) => call(server.url, method, path, body, credentials),
    stop: () => server.stop(),
  };
}

/** A connection for each call: without it, all calls of a test would go to one server of several. */
const ON_THE_NEXT_SERVER = IS_SHARED ? { connection: 'close' } : {};

/** One call with the two headers of the API. */
export async function call(
  url: string,
  method: string,
  path: string,
  body: unknown,
  { username, apiKey }: Credentials,
): Promise<Answer> {
  const response = await fetch(url + path, {
    method,
    headers: { 'Mendix-Username': username, 'Mendix-ApiKey': apiKey, ...ON_THE_NEXT_SERVER },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, headers: response.headers, body: await response.json() };
}
