import { connect, createServer, type Socket } from 'node:net';

/**
 * A load balancer without sticky sessions: each new connection goes to the next server that accepts one.
 *
 * @param addresses of the servers, asked for at each connection; undefined for one that is not there
 * @returns its own address; it listens on a free port until the test ends
 */
export async function openRoundRobin(
  test: { after(work: () => unknown): void },
  addresses: () => readonly (string | undefined)[],
): Promise<string> {
  const open = new Set<Socket>();
  let turn = 0;
  const server = createServer((socket) => {
    open.add(socket);
    socket.on('error', () => undefined).on('close', () => open.delete(socket));
    const present = addresses().filter((address) => address !== undefined);
    turn += 1;
    const inTurn = present.map((_, index) => present[(turn + index) % present.length] ?? '');
    void connectFirst(inTurn).then((through) => {
      if (through === undefined || socket.destroyed) {
        through?.destroy();
        socket.destroy();
      } else join(socket, through);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  test.after(() => {
    for (const socket of open) socket.destroy();
    server.close();
  });
  const address = server.address();
  return `http://127.0.0.1:${address !== null && typeof address === 'object' ? address.port : 0}`;
}

async function connectFirst(addresses: readonly string[]): Promise<Socket | undefined> {
  for (const address of addresses) {
    const { hostname, port } = new URL(address);
    const connected = await new Promise<Socket | undefined>((resolve) => {
      const socket = connect(Number(port), hostname, () => resolve(socket));
      socket.on('error', () => resolve(undefined));
    });
    if (connected !== undefined) return connected;
  }
  return undefined;
}

function join(socket: Socket, through: Socket): void {
  through.on('error', () => socket.destroy()).on('close', () => socket.destroy());
  socket.on('close', () => through.destroy());
  socket.pipe(through).pipe(socket);
}
