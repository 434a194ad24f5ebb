import type { FileHandle } from 'node:fs/promises';
import type { BackupOutput } from '../backup/backup-writer.ts';

/** What is written at once, and only then written back: a server beside it does not wait long for the disk. */
const WRITE_BACK_BYTES = 32 * 1024 * 1024;

export function fileOutput(file: FileHandle): BackupOutput {
  let unsynced = 0;
  return async (chunk) => {
    let offset = 0;
    while (offset < chunk.byteLength) offset += (await file.write(chunk, offset)).bytesWritten;
    unsynced += chunk.byteLength;
    if (unsynced < WRITE_BACK_BYTES) return;
    await file.datasync();
    unsynced = 0;
  };
}

export function streamOutput(stream: NodeJS.WritableStream): BackupOutput {
  let failure: unknown;
  stream.on('error', (error) => {
    failure = error;
  });
  return async (chunk) => {
    if (failure !== undefined) throw failure;
    const written = Promise.withResolvers<void>();
    // Not before it is written: the chunk may be used again.
    stream.write(chunk, (error) => (error ? written.reject(error) : written.resolve()));
    await written.promise;
  };
}
