import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { GIT_TEST_ENVIRONMENT } from './git.ts';

/** A server for the repositories in one folder, on a port of its own. */
export interface TestGitServer {
  /** Ends in `/`. */
  readonly url: string;
  /** How many connections or requests have come in. */
  readonly count: () => number;
  readonly stop: () => Promise<void>;
}

/** Serves a folder over `git://`: one `git daemon --inetd` per connection. */
export async function startGitDaemon(folder: string): Promise<TestGitServer> {
  const args = ['daemon', '--inetd', '--export-all', `--base-path=${folder}`, '--enable=receive-pack', folder];
  const { port, ...server } = await serveConnections(() =>
    spawn('git', args, { env: { ...process.env, ...GIT_TEST_ENVIRONMENT } }),
  );
  return { url: `git://127.0.0.1:${port}/`, ...server };
}

/**
 * Serves a folder over `svn://`: one `svnserve --inetd` per connection, with a password when one is given.
 */
export async function startSvnserve(
  folder: string,
  user?: { readonly name: string; readonly password: string },
): Promise<TestGitServer> {
  const [configuration, passwords] = [join(folder, 'svnserve.conf'), join(folder, 'passwd')];
  const access = user === undefined ? 'anon-access = write' : 'anon-access = none\nauth-access = write';
  await writeFile(configuration, `[general]\n${access}\npassword-db = ${passwords}\nrealm = tests\n`);
  await writeFile(passwords, user === undefined ? '[users]\n' : `[users]\n${user.name} = ${user.password}\n`);
  const args = ['--inetd', '--root', folder, '--config-file', configuration];
  const { port, ...server } = await serveConnections(() => spawn('svnserve', args));
  return { url: `svn://127.0.0.1:${port}/`, ...server };
}

/** Starts a child for each connection, which talks through its standard input and output. */
async function serveConnections(start: () => ChildProcessWithoutNullStreams) {
  const sockets = new Set<Socket>();
  let count = 0;
  const server = createServer((socket) => {
    count++;
    sockets.add(socket);
    const child = start();
    socket.on('error', () => child.kill());
    socket.on('close', () => sockets.delete(socket));
    child.stdin.on('error', () => undefined);
    socket.pipe(child.stdin);
    child.stdout.pipe(socket);
  });
  const port = await listen(server);
  return { port, count: () => count, stop: () => close(server, sockets) };
}

/**
 * Serves a folder over http by `git http-backend`; with a password when one is given.
 *
 * @param admit is told the body of each request, which waits for its promise before it goes on
 */
export async function startGitHttp(
  folder: string,
  user?: { readonly name: string; readonly password: string },
  admit?: (body: string) => Promise<void>,
): Promise<TestGitServer> {
  const wanted = user === undefined ? undefined : `Basic ${btoa(`${user.name}:${user.password}`)}`;
  let count = 0;
  const server = createHttpServer((request, response) => {
    count++;
    if (wanted !== undefined && request.headers.authorization !== wanted) {
      request.resume();
      response.writeHead(401, { 'WWW-Authenticate': 'Basic realm="git"' }).end();
    } else void admitted(request, admit).then((body) => runBackend(folder, request, body, response));
  });
  const port = await listen(server);
  const stop = () => {
    server.closeAllConnections();
    return close(server, new Set());
  };
  return { url: `http://127.0.0.1:${port}/`, count: () => count, stop };
}

/** Accepts connections and says nothing, ever. */
export async function startSilentServer(): Promise<TestGitServer> {
  const sockets = new Set<Socket>();
  let count = 0;
  const server = createServer((socket) => {
    count++;
    sockets.add(socket);
    socket.on('error', () => undefined);
  });
  const port = await listen(server);
  return { url: `git://127.0.0.1:${port}/`, count: () => count, stop: () => close(server, sockets) };
}

/** Answers every request over http with a redirect. @param location makes the target from the path that was asked for */
export async function startRedirecting(location: (pathAndQuery: string) => string): Promise<TestGitServer> {
  let count = 0;
  const server = createHttpServer((request, response) => {
    count++;
    request.resume();
    response.writeHead(302, { Location: location(request.url ?? '/') }).end();
  });
  const port = await listen(server);
  const stop = () => {
    server.closeAllConnections();
    return close(server, new Set());
  };
  return { url: `http://127.0.0.1:${port}/`, count: () => count, stop };
}

/**
 * A folder with an `ssh` that runs the command it is given on this machine: everything of the ssh transport of git and
 * svn but the network. Put it first in PATH.
 */
export async function makeLocalSsh(folder: string): Promise<string> {
  const bin = join(folder, 'ssh-bin');
  const script = `#!/bin/sh
while :; do
  case $1 in
    -o | -i | -p | -l) shift 2 ;;
    --) shift; break ;;
    -*) shift ;;
    *) break ;;
  esac
done
shift
exec sh -c "$*"
`;
  await mkdir(bin, { recursive: true });
  await writeFile(join(bin, 'ssh'), script);
  await chmod(join(bin, 'ssh'), 0o755);
  return bin;
}

/** The body of a request, once it may go on. */
async function admitted(request: IncomingMessage, admit?: (body: string) => Promise<void>): Promise<Buffer> {
  const body = await buffer(request);
  await admit?.(body.toString('latin1'));
  return body;
}

function runBackend(folder: string, request: IncomingMessage, body: Buffer, response: ServerResponse): void {
  const url = new URL(request.url ?? '/', 'http://localhost');
  const child = spawn('git', ['http-backend'], {
    env: {
      ...process.env,
      ...GIT_TEST_ENVIRONMENT,
      GIT_PROJECT_ROOT: folder,
      GIT_HTTP_EXPORT_ALL: '1',
      REMOTE_USER: 'tester',
      REQUEST_METHOD: request.method ?? 'GET',
      PATH_INFO: decodeURIComponent(url.pathname),
      QUERY_STRING: url.search.slice(1),
      CONTENT_TYPE: request.headers['content-type'] ?? '',
      HTTP_CONTENT_ENCODING: request.headers['content-encoding'] ?? '',
      GIT_PROTOCOL: String(request.headers['git-protocol'] ?? ''),
    },
  });
  child.stdin.on('error', () => undefined);
  child.stdin.end(body);
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  child.on('close', () => answer(Buffer.concat(chunks), response));
}

/** Passes on what a CGI program wrote: headers, a blank line, the body. */
function answer(output: Buffer, response: ServerResponse): void {
  const end = output.indexOf('\r\n\r\n');
  const lines = output.toString('latin1', 0, Math.max(0, end)).split('\r\n');
  const headers = new Map(lines.map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]));
  const status = Number.parseInt(headers.get('Status') ?? '200', 10);
  headers.delete('Status');
  response.writeHead(status, Object.fromEntries(headers)).end(output.subarray(end + 4));
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address: AddressInfo | string | null = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return address.port;
}

async function close(server: Server, sockets: ReadonlySet<Socket>): Promise<void> {
  for (const socket of sockets) socket.destroy();
  await new Promise<void>((resolve) => server.close(() => resolve()));
}
