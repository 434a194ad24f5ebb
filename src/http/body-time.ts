import type { FastifyRequest } from 'fastify';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Whether the body may be large, and so may take its time. */
    readonly largeBody?: boolean;
  }
}

/** As long as Node gives a request by itself. */
const BODY_TIMEOUT_MS = 300_000;

/**
 * Gives a body five minutes to arrive, unless its route says that it may be large: Node knows one such time for the whole
 * server. A connection that takes longer is answered as Node answers it.
 */
export function limitBodyTime(
  { method, raw, routeOptions, server }: FastifyRequest,
  timeoutMs: number = BODY_TIMEOUT_MS,
): void {
  if (method === 'GET' || method === 'HEAD' || routeOptions.config.largeBody === true) return;
  const expire = () => {
    if (raw.complete) return;
    const error = Object.assign(new Error('The body did not arrive in time.'), { code: 'ERR_HTTP_REQUEST_TIMEOUT' });
    server.server.emit('clientError', error, raw.socket);
  };
  const timer = setTimeout(expire, timeoutMs).unref();
  raw.once('close', () => clearTimeout(timer));
}
