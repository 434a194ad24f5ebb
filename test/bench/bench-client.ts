import { Agent, request } from 'node:http';
import type { Credentials } from '../support/server.ts';

/** The package of an answer, as far as a benchmark looks at it. */
export interface BenchPackage {
  readonly PackageId: string;
  readonly Status: string;
  readonly Size: number;
  readonly DurationMs: number | null;
  readonly StatusReason: string | null;
  readonly TagStatus: string | null;
  readonly Url?: { readonly Location: string };
}

/** A client as lean as Node has one, so that it costs little beside the server on the same machine. */
export interface BenchClient {
  // biome-ignore lint/suspicious/noExplicitAny: what a call answers is for who makes it to know
  call(method: string, path: string, body?: unknown): Promise<any>;
  /** Starts a build. @returns the PackageId */
  start(app: string, build: { readonly Revision: string; readonly Version: string }): Promise<string>;
  /** Waits for the end of a build. @throws Error when it is not Succeeded */
  finish(app: string, packageId: string): Promise<BenchPackage>;
}

/** Less than the server keeps a connection that nobody uses: the two must not meet. */
const IDLE_MS = 60_000;

/** @param credentials are sent with each call; the connections are kept, and close with the server */
export function benchClient(url: string, credentials: Credentials): BenchClient {
  const agent = new Agent({ keepAlive: true, maxSockets: 32, timeout: IDLE_MS });
  const headers = { 'Mendix-Username': credentials.username, 'Mendix-ApiKey': credentials.apiKey };
  const call: BenchClient['call'] = (method, path, body) =>
    send(new URL(path, url), { method, agent, headers }, body === undefined ? undefined : JSON.stringify(body));
  return {
    call,
    async start(app, build) {
      const { PackageId } = await call('POST', `/api/1/apps/${app}/packages`, { Branch: 'main', ...build });
      return PackageId;
    },
    async finish(app, packageId) {
      for (;;) {
        const current: BenchPackage = await call('GET', `/api/1/apps/${app}/packages/${packageId}?wait=30`);
        if (current.Status === 'Succeeded') return current;
        if (current.Status === 'Failed') throw new Error(`A build failed: ${current.StatusReason}`);
      }
    },
  };
}

async function send(
  url: URL,
  options: { readonly method: string; readonly agent: Agent; readonly headers: Readonly<Record<string, string>> },
  body: string | undefined,
): Promise<unknown> {
  const { promise, resolve, reject } = Promise.withResolvers<unknown>();
  const sent = request(url, { ...options }, (response) => {
    const chunks: Buffer[] = [];
    response.on('data', (chunk: Buffer) => chunks.push(chunk));
    response.on('error', reject);
    response.on('end', () => {
      const text = Buffer.concat(chunks).toString();
      if (response.statusCode === 200) resolve(JSON.parse(text));
      else reject(new Error(`${options.method} ${url.pathname} answered ${response.statusCode}: ${text}`));
    });
  });
  sent.on('error', reject);
  sent.end(body);
  return promise;
}
