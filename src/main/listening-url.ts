import type { AddressInfo } from 'node:net';

/** Where a server listens, for people and programs: scheme, host as it was configured, and the port that it has. */
export function listeningUrl(address: AddressInfo | string | null, host: string, scheme: 'http' | 'https'): string {
  const port = address !== null && typeof address === 'object' ? address.port : 0;
  return `${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}`;
}
