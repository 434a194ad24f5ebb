/*
 * A program of its own, which runs in the sandbox beside an MxBuild in service mode and starts it. A sandbox has no
 * network: what is outside reaches the port of MxBuild by a socket in the folder for temporary files.
 *
 * It imports nothing of Slipway: only this file is there.
 *
 *     node service-relay.ts <folder of the sockets> <workspace> <package file> <mark> <program> [argument…]
 *
 * `mxbuild.sock` leads to MxBuild. Whoever connects to `clear.sock` has the workspace emptied and the package removed:
 * from in here, since what a command of a build may change meanwhile must not be removed from outside. After that, and
 * once when MxBuild listens, the mark is written to standard output: all that was written before it stands before it.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, rm } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const HOST = 'localhost';
const ATTEMPT_EVERY_MS = 50;
const LOOK_EVERY_MS = 500;

const [sockets = '', workspace = '', packageFile = '', mark = '', program = '', ...args] = process.argv.slice(2);

endWithParent();
const port = await findFreePort();
const child = spawn(program, [...args, '--serve', `--host=${HOST}`, `--port=${port}`], {
  stdio: ['ignore', 'inherit', 'inherit'],
});
child.once('error', (error) => {
  console.error(error.message);
  process.exit(127);
});
child.once('exit', (code) => process.exit(code ?? 1));
await untilListening();
await listenOn('mxbuild.sock', relay);
await listenOn('clear.sock', clear);
tellMark();

/** Where there is no sandbox around, nothing else ends this when the server is killed. */
function endWithParent(): void {
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent) process.kill(0, 'SIGKILL');
  }, LOOK_EVERY_MS);
}

async function findFreePort(): Promise<number> {
  const server = createServer();
  server.listen(0, HOST);
  await once(server, 'listening');
  const address = server.address();
  server.close();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

async function untilListening(): Promise<void> {
  for (;;) {
    const socket = connect(port, HOST);
    const isListening = await once(socket, 'connect').then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (isListening) return;
    await sleep(ATTEMPT_EVERY_MS);
  }
}

async function listenOn(name: string, serve: (socket: Socket) => void): Promise<Server> {
  const server = createServer({ allowHalfOpen: true }, serve);
  server.listen(join(sockets, name));
  await once(server, 'listening');
  return server;
}

function relay(outside: Socket): void {
  const inside = connect({ port, host: HOST, allowHalfOpen: true });
  outside.on('error', () => inside.destroy()).on('close', () => inside.destroy());
  inside.on('error', () => outside.destroy()).on('close', () => outside.destroySoon());
  outside.pipe(inside).pipe(outside);
}

function clear(outside: Socket): void {
  outside.on('error', () => undefined).end();
  // What cannot be removed stays: whoever needs its place finds it taken.
  void removeAll()
    .catch(() => undefined)
    .then(tellMark);
}

async function removeAll(): Promise<void> {
  await rm(packageFile, { recursive: true, force: true });
  for (const name of await readdir(workspace)) await rm(join(workspace, name), { recursive: true, force: true });
}

function tellMark(): void {
  process.stdout.write(mark);
}
