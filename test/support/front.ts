import { connect, createServer, type Socket } from 'node:net';

/** An address that stays the same while what serves behind it comes and goes. */
export interface Front {
  readonly url: string;
  /** From now on, new connections lead to a server. */
  leadTo(url: string): void;
}

/** Listens on a free port until the test ends. */
export async function openFront(test: { after(work: () => unknown): void }): Promise<Front> {
  let behind: URL | undefined;
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket);
    socket.on('error', () => undefined).on('close', () => open.delete(socket));
    if (behind === undefined) return void socket.destroy();
    const through = connect(Number(behind.port), behind.hostname);
    through.on('error', () => socket.destroy()).on('close', () => socket.destroy());
    socket.on('close', () => through.destroy());
    socket.pipe(through).pipe(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  test.after(() => {
    for (const socket of open) socket.destroy();
    server.close();
  });
  const address = server.address();
  const port = address !== null && typeof address === 'object' ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    leadTo(url) {
      behind = new URL(url);
    },
  };
}
