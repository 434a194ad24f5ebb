import { openDiskBlobStore } from '../../src/blob/disk-blob-store.ts';

/** The bytes of a blob that says by its key how long it is: `<anything>.<size in bytes>`. */
export function bytesOf(key: string): Buffer {
  return Buffer.alloc(Number(key.split('.').at(-1)), key);
}

/** Writes and commits blobs, two at a time and for ever, and says the key of each that is committed. */
async function commitBlobs(folder: string): Promise<void> {
  const store = await openDiskBlobStore(folder);
  const commitInTurn = async (writer: string) => {
    for (let count = 0; ; count += 1) {
      const key = `${(count * 7) % 36}${writer}.${count}.${count * 1000}`;
      const output = await store.create(key);
      await output.write(bytesOf(key));
      await output.commit();
      process.stdout.write(`${key}\n`);
    }
  };
  await Promise.all([commitInTurn('a'), commitInTurn('b')]);
}

if (import.meta.main) await commitBlobs(process.argv[2] ?? '');
