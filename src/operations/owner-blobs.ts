import { text } from 'node:stream/consumers';
import { BlobError, type BlobStore } from '../blob/blob-store.ts';

/*
 * What a blob store says of whose it is, in blobs that name no package, so that they are never swept: `installation.owner`
 * has the id of an installation; `installation.mark-…` is what only its database can know; `installation.marked` says that
 * there is one.
 */

const PREFIX = 'installation.';
const OWNER_KEY = `${PREFIX}owner`;
const MARKED_KEY = `${PREFIX}marked`;
const markKey = (mark: string) => `${PREFIX}mark-${mark}`;

/** Whether a blob says whose a store is. */
export function isOwnerBlob(key: string): boolean {
  return key.startsWith(PREFIX);
}

/** @returns the id of an installation; undefined where the store is nobody's */
export async function readOwner(blobs: BlobStore): Promise<string | undefined> {
  const size = await blobs.findSize(OWNER_KEY);
  return size === undefined ? undefined : await text(await blobs.read(OWNER_KEY, { start: 0, end: size - 1 }));
}

/** @returns whose it is then: another one may have been faster */
export async function writeOwner(blobs: BlobStore, id: string): Promise<string | undefined> {
  return (await writeOnce(blobs, OWNER_KEY, id)) ? id : await readOwner(blobs);
}

/** Makes a store nobody's. Its blobs stay. */
export async function removeOwner(blobs: BlobStore): Promise<void> {
  await blobs.delete(OWNER_KEY);
}

export async function isMarked(blobs: BlobStore): Promise<boolean> {
  return (await blobs.findSize(MARKED_KEY)) !== undefined;
}

export async function bearsMark(blobs: BlobStore, mark: string): Promise<boolean> {
  return (await blobs.findSize(markKey(mark))) !== undefined;
}

/** May be done again. */
export async function addMark(blobs: BlobStore, mark: string): Promise<void> {
  await writeOnce(blobs, markKey(mark), mark);
  // Later: what says that there is a mark must not come before it.
  if (!(await isMarked(blobs))) await writeOnce(blobs, MARKED_KEY, 'yes');
}

export async function removeMark(blobs: BlobStore, mark: string): Promise<void> {
  await blobs.delete(markKey(mark));
}

/** @returns whether it was not there yet */
async function writeOnce(blobs: BlobStore, key: string, content: string): Promise<boolean> {
  const writer = await blobs.create(key);
  try {
    await writer.write(Buffer.from(content));
    await writer.commit();
    return true;
  } catch (error) {
    if (error instanceof BlobError && error.kind === 'exists') return false;
    throw error;
  } finally {
    await writer.abort();
  }
}
