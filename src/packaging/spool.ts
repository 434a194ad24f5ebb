import { randomUUID } from 'node:crypto';
import { type FileHandle, open, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { BuildFailure } from '../domain/failure.ts';
import { CoalescingWriter } from './coalescing-writer.ts';

const READ_BYTES = 1024 * 1024;

/**
 * Bytes that are too many for memory, on disk until they are closed. The file has no name from the moment it is open,
 * so that nothing is left behind, however the process ends.
 */
export class Spool {
  readonly writer: CoalescingWriter;
  readonly #file: FileHandle;

  private constructor(file: FileHandle, folder: string) {
    this.#file = file;
    this.writer = new CoalescingWriter((block) => writeAll(file, block, folder));
  }

  /** @param folder an existing folder for temporary files */
  static async open(folder: string): Promise<Spool> {
    const path = join(folder, `spool-${randomUUID()}`);
    const file = await open(path, 'wx+', 0o600);
    try {
      await unlink(path);
    } catch (error) {
      await file.close();
      throw error;
    }
    return new Spool(file, folder);
  }

  /** Yields everything that was flushed, from the start. A chunk is overwritten when the next one is taken. */
  async *read(): AsyncGenerator<Uint8Array> {
    const buffer = Buffer.allocUnsafeSlow(READ_BYTES);
    for (let at = 0; ; ) {
      const { bytesRead } = await this.#file.read(buffer, 0, READ_BYTES, at);
      if (bytesRead === 0) return;
      at += bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
  }

  async close(): Promise<void> {
    await this.writer.settle();
    await this.#file.close();
  }
}

async function writeAll(file: FileHandle, block: Uint8Array, folder: string): Promise<void> {
  try {
    for (let at = 0; at < block.length; ) at += (await file.write(block, at)).bytesWritten;
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT')))
      throw error;
    const message = `The disk of '${folder}' is full: make room, or give temporary files another folder.`;
    throw new BuildFailure('disk-full', message, { cause: error });
  }
}
