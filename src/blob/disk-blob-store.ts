import { createHash, randomUUID } from 'node:crypto';
import { type FileHandle, link, mkdir, open, opendir, stat, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { BlobError, type BlobStore, type BlobWriter, type WrittenBlob } from './blob-store.ts';

/** Measured: 64 KiB, Node's own choice, reaches a third of what this does. */
const READ_CHUNK_BYTES = 1024 * 1024;

/**
 * Blobs as files: `<folder>/<first two characters>/<key>`, written in `<folder>/tmp` first. A blob appears by a hard
 * link, which never replaces a file that is there; what a crash leaves in `tmp` is swept.
 */
export async function openDiskBlobStore(folder: string): Promise<BlobStore> {
  const temporary = join(folder, 'tmp');
  await mkdir(temporary, { recursive: true });
  const pathOf = (key: string) => join(folder, checkKey(key).slice(0, 2), key);
  return {
    async create(key) {
      const path = join(temporary, randomUUID());
      const handle = await translate(key, open(path, 'wx', 0o640));
      return new DiskBlobWriter(key, handle, path, pathOf(key));
    },
    findSize: (key) => orUndefined(stat(pathOf(key)).then(({ size }) => size)),
    async read(key, { start, end }) {
      const handle = await translate(key, open(pathOf(key), 'r'));
      if (end < start) {
        await handle.close();
        return Readable.from([]);
      }
      return handle.createReadStream({ start, end, highWaterMark: READ_CHUNK_BYTES });
    },
    delete: async (key) => (await orUndefined(unlink(pathOf(key)).then(() => true))) ?? false,
    list: () => listKeys(folder),
    sweep: () => deleteFiles(temporary),
  };
}

class DiskBlobWriter implements BlobWriter {
  readonly #hash = createHash('sha256');
  readonly #key: string;
  readonly #handle: FileHandle;
  readonly #temporary: string;
  readonly #final: string;
  #sizeBytes = 0;
  #closed = false;

  constructor(key: string, handle: FileHandle, temporary: string, final: string) {
    this.#key = key;
    this.#handle = handle;
    this.#temporary = temporary;
    this.#final = final;
  }

  async write(chunk: Uint8Array): Promise<void> {
    // Hashed while the disk is at work.
    const written = writeAll(this.#handle, chunk);
    this.#hash.update(chunk);
    await translate(this.#key, written);
    this.#sizeBytes += chunk.byteLength;
  }

  async commit(): Promise<WrittenBlob> {
    try {
      await translate(this.#key, this.#handle.datasync());
      await translate(this.#key, linkInto(this.#temporary, this.#final));
      await syncFolder(dirname(this.#final));
    } finally {
      await this.abort();
    }
    return { sizeBytes: this.#sizeBytes, sha256: this.#hash.digest('hex') };
  }

  async abort(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#handle.close();
    await unlink(this.#temporary);
  }
}

async function writeAll(handle: FileHandle, chunk: Uint8Array): Promise<void> {
  let offset = 0;
  while (offset < chunk.byteLength) offset += (await handle.write(chunk, offset)).bytesWritten;
}

/** Links a file to where it belongs, and makes the folder when this is the first file in it. */
async function linkInto(from: string, to: string): Promise<void> {
  try {
    await link(from, to);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
    await mkdir(dirname(to), { recursive: true });
    await syncFolder(dirname(dirname(to)));
    await link(from, to);
  }
}

/** Makes what was linked into a folder survive a loss of power. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function* listKeys(folder: string): AsyncGenerator<string> {
  for await (const shard of await opendir(folder)) {
    if (shard.name === 'tmp' || !shard.isDirectory()) continue;
    for await (const file of await opendir(join(folder, shard.name))) if (file.isFile()) yield file.name;
  }
}

async function deleteFiles(folder: string): Promise<number> {
  let count = 0;
  for await (const file of await opendir(folder)) {
    await unlink(join(folder, file.name));
    count += 1;
  }
  return count;
}

function checkKey(key: string): string {
  if (!/^[a-z0-9][a-z0-9.-]{1,99}$/.test(key)) throw new Error(`'${key}' is not a key of the blob store.`);
  return key;
}

async function translate<T>(key: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    switch (codeOf(error)) {
      case 'ENOENT':
        throw new BlobError('missing', `There is no blob '${key}'.`, { cause: error });
      case 'EEXIST':
        throw new BlobError('exists', `There is a blob '${key}' already.`, { cause: error });
      case 'ENOSPC':
      case 'EDQUOT':
      case 'EFBIG':
        throw new BlobError('full', `There is no room for the blob '${key}': free some space on its disk.`, {
          cause: error,
        });
      default:
        throw error;
    }
  }
}

async function orUndefined<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
