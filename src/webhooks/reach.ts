import type { LookupAddress } from 'node:dns';
import { lookup } from 'node:dns/promises';
import { isIP, type LookupFunction } from 'node:net';
import { isAllowedAddress } from './allowed-address.ts';

/** A name or an address that webhooks may not reach. Its message is where it leads to. */
export class AddressRefused extends Error {
  override readonly name = 'AddressRefused';
}

/** Finds the addresses of a name, as the system does. */
export type Resolve = (hostname: string) => Promise<readonly LookupAddress[]>;

export const resolveBySystem: Resolve = (hostname) => lookup(hostname, { all: true });

/**
 * What a connection asks for the addresses of its host: it is told those that may be reached, and connects to one of
 * them. So the address that was checked is the one that is used, whatever a name server says the next time. A connection
 * to a literal address asks nobody: {@link refuseLiteral} is for those.
 */
export function lookupAllowed(networks: readonly string[], resolve: Resolve): LookupFunction {
  return (hostname, { all }, callback) => {
    findAllowed(hostname, networks, resolve).then(
      (found) => {
        const [first] = found;
        if (all === true || first === undefined) callback(null, found);
        else callback(null, first.address, first.family);
      },
      (error: unknown) => callback(error instanceof Error ? error : new Error(String(error)), []),
    );
  };
}

async function findAllowed(hostname: string, networks: readonly string[], resolve: Resolve): Promise<LookupAddress[]> {
  const found = await resolve(hostname);
  if (found.length === 0) throw new Error('it has no address');
  const allowed = found.filter(({ address }) => isAllowedAddress(address, networks));
  if (allowed.length === 0) throw new AddressRefused(found.map(({ address }) => address).join(', '));
  return allowed;
}

/** @throws AddressRefused for a literal address that may not be reached */
export function refuseLiteral(host: string, networks: readonly string[]): void {
  if (isIP(host) !== 0 && !isAllowedAddress(host, networks)) throw new AddressRefused(host);
}
