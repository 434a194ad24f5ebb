import type { BlobStore } from '../../src/blob/blob-store.ts';
import { openDiskBlobStore } from '../../src/blob/disk-blob-store.ts';

/** The bytes of a blob that says by its key how long it is: `<anything>.<size in bytes>`. */
export function bytesOf(key: string): Buffer {
  return Buffer.alloc(Number(key.split('.').at(-1)), key);
}

/** Writes and commits blobs, two at a time and for ever, and says the key of each that is committed. */
export async function commitBlobs(store: BlobStore, stepBytes: number): Promise<void> {
  const commitInTurn = async (writer: string) => {
    for (let count = 0; ; count += 1) {
      const key = `${(count * 7) % 36}${writer}.${count}.${count * stepBytes}`;
      const output = await store.create(key);
      await output.write(bytesOf(key));
      await output.commit();
      process.stdout.write(`${key}\n`);
    }
  };
  await Promise.all([commitInTurn('a'), commitInTurn('b')]);
}

if (import.meta.main) await commitBlobs(await openDiskBlobStore(process.argv[2] ?? ''), 1000);
