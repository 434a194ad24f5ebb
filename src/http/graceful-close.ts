import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';

/**
 * Makes `app.close()` end soon and politely. `closing` fires first, so that calls that wait answer and streams end; a
 * connection is closed once its answer is out, or at once when nothing was ever asked on it; what is left after the
 * timeout is cut.
 */
export function closeGracefully(app: FastifyInstance, closing: AbortController, timeoutMs: number): void {
  const { server } = app;
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  app.addHook('preClose', async () => {
    closing.abort();
    // Browsers open connections in advance; Node takes them for busy ones.
    for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy();
    setTimeout(() => server.closeAllConnections(), timeoutMs).unref();
  });
  // Fastify closes connections on which a request arrives from now on. An answer to an earlier one leaves its
  // connection open for the next request, which must not come.
  app.addHook('onResponse', (_request, _reply, done) => {
    if (closing.signal.aborted) setImmediate(() => server.closeIdleConnections());
    done();
  });
}
