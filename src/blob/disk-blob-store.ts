import { randomUUID } from 'node:crypto';
import { mkdir, open, opendir, stat, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ifThere } from '../files/file-errors.ts';
import { syncFolder } from '../files/sync-folder.ts';
import { BlobError, type BlobStore } from './blob-store.ts';
import { checkKey, isKey } from './check-key.ts';
import { DiskBlobWriter } from './disk-blob-writer.ts';
import { readChunks } from './read-chunks.ts';
import { openShardFolders, shardOf } from './shard-folders.ts';

/**
 * Blobs as files: `<folder>/<first two characters>/<key>`, written in `<folder>/tmp` first, which must be on the same
 * file system. A blob appears by a hard link, which never replaces a file that is there.
 *
 * After `kill -9` at any moment a key has its whole blob or none, and at most a name in `tmp` is left to be swept.
 */
export async function openDiskBlobStore(folder: string): Promise<BlobStore> {
  const temporary = join(folder, 'tmp');
  await mkdir(temporary, { recursive: true });
  await syncFolder(dirname(folder));
  const shards = await openShardFolders(folder);
  const pathOf = (key: string) => join(shards.pathOf(checkKey(key)), key);
  return {
    ...diskBlobReader(folder),
    async create(key) {
      const paths = { temporary: join(temporary, randomUUID()), final: pathOf(key) };
      // Opened while the first bytes are on their way.
      const opening = shards.make(key).then(() => open(paths.temporary, 'wx', 0o640));
      return new DiskBlobWriter(key, paths, opening);
    },
    async delete(key) {
      return (await ifThere(unlink(pathOf(key)).then(() => true))) ?? false;
    },
    list: () => listKeys(folder),
    sweep: () => deleteFiles(temporary),
  };
}

/** Reads the blobs of a folder that is laid out so, and makes nothing in it. */
export function diskBlobReader(folder: string): Pick<BlobStore, 'findSize' | 'read'> {
  const pathOf = (key: string) => join(folder, shardOf(checkKey(key)), key);
  return {
    async findSize(key) {
      return ifThere(stat(pathOf(key)).then(({ size }) => size));
    },
    async read(key, { start, end }) {
      const handle = await ifThere(open(pathOf(key), 'r'));
      if (handle === undefined) throw new BlobError('missing', `There is no blob '${key}'.`);
      if (end >= start) return readChunks(handle, { start, end });
      await handle.close();
      return readNothing();
    },
  };
}

async function* readNothing(): AsyncGenerator<Uint8Array> {}

/** A store of a million blobs is listed some thousand names at a time. */
const LIST_OPTIONS = { bufferSize: 1024 };

async function* listKeys(folder: string): AsyncGenerator<string> {
  for await (const shard of await opendir(folder)) {
    // Folders of others may be here, such as a file system's lost+found.
    if (shard.name.length !== 2 || !shard.isDirectory()) continue;
    for await (const { name } of await opendir(join(folder, shard.name), LIST_OPTIONS)) if (isKey(name)) yield name;
  }
}

async function deleteFiles(folder: string): Promise<number> {
  let count = 0;
  for await (const { name } of await opendir(folder)) {
    await unlink(join(folder, name));
    count += 1;
  }
  return count;
}
