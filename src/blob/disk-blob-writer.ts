import { createHash } from 'node:crypto';
import { type FileHandle, link, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ifThere } from '../files/file-errors.ts';
import { syncFolder } from '../files/sync-folder.ts';
import type { BlobWriter, WrittenBlob } from './blob-store.ts';
import { toWriteError } from './disk-errors.ts';

/** Writes one blob into a temporary file, and gives it its name when it is whole. */
export class DiskBlobWriter implements BlobWriter {
  readonly #hash = createHash('sha256');
  readonly #key: string;
  readonly #temporary: string;
  readonly #final: string;
  readonly #opening: Promise<FileHandle>;
  #sizeBytes = 0;
  #discarding: Promise<void> | undefined;

  /** @param opening gives the temporary file, new; the writer closes and deletes it */
  constructor(
    key: string,
    paths: { readonly temporary: string; readonly final: string },
    opening: Promise<FileHandle>,
  ) {
    this.#key = key;
    this.#temporary = paths.temporary;
    this.#final = paths.final;
    this.#opening = opening;
    // Whoever writes learns of it; nobody else is to.
    opening.catch(() => undefined);
  }

  async write(chunk: Uint8Array): Promise<void> {
    // Hashed while the disk is at work.
    const written = this.#opening.then((handle) => writeAll(handle, chunk));
    this.#hash.update(chunk);
    try {
      await written;
    } catch (error) {
      // The room that it took is what others need now.
      await this.abort();
      throw toWriteError(this.#key, error);
    }
    this.#sizeBytes += chunk.byteLength;
  }

  async commit(): Promise<WrittenBlob> {
    try {
      // In this order: no name before the bytes are safe, no answer before the name is.
      await (await this.#opening).datasync();
      await link(this.#temporary, this.#final);
      await Promise.all([syncFolder(dirname(this.#final)), this.abort()]);
    } catch (error) {
      await this.abort();
      throw toWriteError(this.#key, error);
    }
    return { sizeBytes: this.#sizeBytes, sha256: this.#hash.digest('hex') };
  }

  abort(): Promise<void> {
    this.#discarding ??= this.#discard();
    return this.#discarding;
  }

  async #discard(): Promise<void> {
    try {
      await (await this.#opening.catch(() => undefined))?.close();
    } finally {
      await ifThere(unlink(this.#temporary));
    }
  }
}

async function writeAll(handle: FileHandle, chunk: Uint8Array): Promise<void> {
  let offset = 0;
  while (offset < chunk.byteLength) offset += (await handle.write(chunk, offset)).bytesWritten;
}
