import { text } from 'node:stream/consumers';
import { BlobError, type BlobStore } from '../blob/blob-store.ts';
import type { Database } from '../database/database.ts';
import { findInstallationId } from '../database/installation.ts';

/** Of the blob that says whose a store is. It names no package, so that it is never swept. */
export const OWNER_KEY = 'installation.owner';

/** A blob store is another installation's: each would delete the packages of the other as nobody's. */
export class ForeignBlobStore extends Error {
  override readonly name = 'ForeignBlobStore';
}

/**
 * Makes a blob store that others can reach, too, the one of this database, or sees that it is. To be called before anything
 * is read or deleted there.
 *
 * @throws ForeignBlobStore; BlobError
 */
export async function claimBlobStore({
  database,
  blobs,
}: {
  readonly database: Pick<Database, 'read'>;
  readonly blobs: BlobStore;
}): Promise<void> {
  const ours = await findInstallationId(database.read);
  const owner = (await readOwner(blobs)) ?? (await writeOwner(blobs, ours));
  if (owner !== ours)
    throw new ForeignBlobStore(`The blob store is that of the installation ${owner}, not of ${ours}.`);
}

async function readOwner(blobs: BlobStore): Promise<string | undefined> {
  const size = await blobs.findSize(OWNER_KEY);
  return size === undefined ? undefined : await text(await blobs.read(OWNER_KEY, { start: 0, end: size - 1 }));
}

/** @returns whose it is then: another one may have been faster */
async function writeOwner(blobs: BlobStore, ours: string): Promise<string | undefined> {
  const writer = await blobs.create(OWNER_KEY);
  try {
    await writer.write(Buffer.from(ours));
    await writer.commit();
    return ours;
  } catch (error) {
    if (error instanceof BlobError && error.kind === 'exists') return await readOwner(blobs);
    throw error;
  } finally {
    await writer.abort();
  }
}
