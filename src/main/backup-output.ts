import type { FileHandle } from 'node:fs/promises';
import type { BackupOutput } from '../backup/backup-writer.ts';

/** Many small packages cost one write of the file. */
const BUFFER_BYTES = 1024 * 1024;
/** What is written at once, and only then written back: a server beside it does not wait long for the disk. */
const WRITE_BACK_BYTES = 8 * BUFFER_BYTES;

/** Writes a backup somewhere. Nothing is sure to be there before it is flushed. */
export interface FlushedOutput {
  readonly write: BackupOutput;
  flush(): Promise<void>;
}

export function fileOutput(file: FileHandle): FlushedOutput {
  const buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES);
  let used = 0;
  let unsynced = 0;
  const flush = async () => {
    for (let offset = 0; offset < used; ) {
      offset += (await file.write(buffer, offset, used - offset)).bytesWritten;
    }
    unsynced += used;
    used = 0;
    if (unsynced < WRITE_BACK_BYTES) return;
    await file.datasync();
    unsynced = 0;
  };
  return {
    async write(chunk) {
      for (let offset = 0; offset < chunk.byteLength; ) {
        const part = chunk.subarray(offset, offset + BUFFER_BYTES - used);
        buffer.set(part, used);
        used += part.byteLength;
        offset += part.byteLength;
        if (used === BUFFER_BYTES) await flush();
      }
    },
    flush,
  };
}

export function streamOutput(stream: NodeJS.WritableStream): FlushedOutput {
  let failure: unknown;
  stream.on('error', (error) => {
    failure = error;
  });
  return {
    async write(chunk) {
      if (failure !== undefined) throw failure;
      const written = Promise.withResolvers<void>();
      // Not before it is written: the chunk may be used again.
      stream.write(chunk, (error) => (error ? written.reject(error) : written.resolve()));
      await written.promise;
    },
    flush: async () => undefined,
  };
}
