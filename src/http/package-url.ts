import type { FastifyRequest } from 'fastify';
import type { PackageRow } from '../database/schema.ts';
import type { WirePackage } from '../protocol/package.ts';
import { contentDisposition } from './content-disposition.ts';
import type { HttpDependencies } from './http-dependencies.ts';
import { publicAddress } from './public-address.ts';

/** A signed link to the file of a package, here or in the store; undefined while it has none. */
export async function signUrl(
  { blobs, links, clock, settings }: Pick<HttpDependencies, 'blobs' | 'links' | 'clock' | 'settings'>,
  request: FastifyRequest,
  row: PackageRow,
): Promise<WirePackage['Url']> {
  if (row.status !== 'Succeeded') return undefined;
  const { linkTtlSeconds: TTL, publicUrl, downloads } = settings;
  if (downloads === 'store' && blobs.link !== undefined && row.blob_key !== null) {
    const answer = { expiresInSeconds: TTL, contentDisposition: contentDisposition(row.name) };
    return { Location: await blobs.link(row.blob_key, answer), TTL };
  }
  const path = links.sign({ packageId: row.id, fileName: row.name }, Math.floor(clock() / 1000) + TTL);
  return { Location: publicAddress(request, publicUrl) + path, TTL };
}
