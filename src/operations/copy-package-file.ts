import { createHash } from 'node:crypto';
import type { LostPackage } from '../backup/backup-format.ts';
import { BlobError, type BlobStore } from '../blob/blob-store.ts';
import type { PackageRow } from '../database/schema.ts';
import { keyOf } from './back-up-packages.ts';

/** What is wrong with the file of a package, or nothing. */
export type FileVerdict = LostPackage['Verdict'] | 'sound';

/** Whether there is a file of the right size. */
export async function lookAtPackageFile(
  blobs: Pick<BlobStore, 'findSize'>,
  row: PackageRow,
): Promise<'missing' | 'wrong size' | 'sound'> {
  const sizeBytes = await blobs.findSize(keyOf(row));
  if (sizeBytes === undefined) return 'missing';
  return sizeBytes === row.size_bytes ? 'sound' : 'wrong size';
}

/** Copies the file of a package to another store, if it is what the row says of it: nothing else comes to be there. */
export async function copyPackageFile(
  source: Pick<BlobStore, 'findSize' | 'read'>,
  blobs: BlobStore,
  row: PackageRow,
): Promise<FileVerdict> {
  const seen = await lookAtPackageFile(source, row);
  if (seen !== 'sound') return seen;
  const key = keyOf(row);
  const hash = createHash('sha256');
  const writer = await blobs.create(key);
  try {
    for await (const chunk of readable(await source.read(key, { start: 0, end: row.size_bytes - 1 }))) {
      const written = writer.write(chunk);
      hash.update(chunk);
      await written;
    }
    if (hash.digest('hex') !== row.sha256) return 'wrong SHA-256';
    await writer.commit();
    return 'sound';
  } catch (error) {
    if (error instanceof SourceUnreadable) return 'unreadable';
    if (error instanceof BlobError && error.kind === 'missing') return 'missing';
    // A key is used once, so this is the same file: the store outlived the server, or somebody has brought it before.
    if (error instanceof BlobError && error.kind === 'exists') return lookAtPackageFile(blobs, row);
    throw error;
  } finally {
    await writer.abort();
  }
}

class SourceUnreadable extends Error {}

/** Tells what cannot be read from what cannot be written. */
async function* readable(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const iterator = chunks[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = await iterator.next().catch((cause: unknown) => {
        throw new SourceUnreadable('It cannot be read.', { cause });
      });
      if (next.done === true) return;
      yield next.value;
    }
  } finally {
    await iterator.return?.();
  }
}
