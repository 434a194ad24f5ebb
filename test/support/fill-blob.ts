import { BlobError } from '../../src/blob/blob-store.ts';
import { openDiskBlobStore } from '../../src/blob/disk-blob-store.ts';

/** Writes a blob until an error says that there is no room, and says which error it was. */
const store = await openDiskBlobStore(process.argv[2] ?? '');
const output = await store.create('too-large');
try {
  for (let count = 0; count < 100; count += 1) await output.write(Buffer.alloc(16 * 1024));
} catch (error) {
  process.stdout.write(error instanceof BlobError ? `${error.kind}: ${error.message}` : String(error));
}
