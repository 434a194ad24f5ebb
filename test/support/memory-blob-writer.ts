import { hash } from 'node:crypto';
import type { BlobWriter } from '../../src/blob/blob-store.ts';

/** A blob in memory, which remembers what was done to it. */
export interface MemoryBlobWriter extends BlobWriter {
  readonly bytes: Buffer;
  /** The size of each write. */
  readonly writes: readonly number[];
  readonly calls: readonly ('commit' | 'abort')[];
}

/** @param onWrite is called before each write and may throw in its place */
export function memoryBlobWriter(onWrite: () => void | Promise<void> = () => undefined): MemoryBlobWriter {
  const chunks: Buffer[] = [];
  const calls: ('commit' | 'abort')[] = [];
  return {
    get bytes() {
      return Buffer.concat(chunks);
    },
    get writes() {
      return chunks.map(({ length }) => length);
    },
    calls,
    async write(chunk) {
      await onWrite();
      chunks.push(Buffer.from(chunk));
    },
    async commit() {
      calls.push('commit');
      const bytes = Buffer.concat(chunks);
      return { sizeBytes: bytes.length, sha256: hash('sha256', bytes) };
    },
    async abort() {
      calls.push('abort');
    },
  };
}
