import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import type { BlobWriter } from '../../src/blob/blob-store.ts';

/** Writes a blob to a file, with its SHA-256, and no more: what every package costs at least. */
export async function fileBlobWriter(path: string): Promise<BlobWriter> {
  const file = await open(path, 'w');
  const sha256 = createHash('sha256');
  let sizeBytes = 0;
  return {
    async write(chunk) {
      sha256.update(chunk);
      sizeBytes += chunk.length;
      await file.write(chunk);
    },
    async commit() {
      await file.close();
      return { sizeBytes, sha256: sha256.digest('hex') };
    },
    abort: () => file.close(),
  };
}
