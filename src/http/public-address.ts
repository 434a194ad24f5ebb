import type { FastifyRequest } from 'fastify';

const HOST = /^(?:[a-z0-9](?:[a-z0-9._-]{0,251}[a-z0-9])?|\[[0-9a-f:.]{2,45}\])(?::\d{1,5})?$/i;

/**
 * The address under which the client reaches this server, without a trailing slash: what was configured, else what the
 * request used. A Host header that is none is not repeated in an answer.
 */
export function publicAddress(request: FastifyRequest, publicUrl: string | undefined): string {
  if (publicUrl !== undefined) return publicUrl;
  const { localAddress = '127.0.0.1', localPort } = request.raw.socket;
  const own = `${localAddress.includes(':') ? `[${localAddress}]` : localAddress}:${localPort ?? 80}`;
  const protocol = request.protocol === 'https' ? 'https' : 'http';
  return `${protocol}://${HOST.test(request.host ?? '') ? request.host : own}`;
}
