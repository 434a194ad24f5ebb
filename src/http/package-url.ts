import type { FastifyRequest } from 'fastify';
import type { PackageRow } from '../database/schema.ts';
import type { WirePackage } from '../protocol/package.ts';
import type { HttpDependencies } from './http-dependencies.ts';
import { publicAddress } from './public-address.ts';

/** A signed link to the file of a package; undefined while it has none. */
export function signUrl(
  { links, clock, settings }: Pick<HttpDependencies, 'links' | 'clock' | 'settings'>,
  request: FastifyRequest,
  row: PackageRow,
): WirePackage['Url'] {
  if (row.status !== 'Succeeded') return undefined;
  const expiresAt = Math.floor(clock() / 1000) + settings.linkTtlSeconds;
  const path = links.sign({ packageId: row.id, fileName: row.name }, expiresAt);
  return { Location: publicAddress(request, settings.publicUrl) + path, TTL: settings.linkTtlSeconds };
}
