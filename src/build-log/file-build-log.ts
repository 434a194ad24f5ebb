import { type FileHandle, mkdir, open, opendir, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { ifThere } from '../files/file-errors.ts';
import type { BuildLog, LogLimits } from './build-log.ts';
import { FileBuildLogWriter } from './file-build-log-writer.ts';
import { LogFollowers } from './log-followers.ts';

export interface FileBuildLogOptions extends LogLimits {
  readonly folder: string;
}

const READ_CHUNK_BYTES = 64 * 1024;
/** What a follower reads at a time; mostly it is a few lines. */
const FOLLOW_CHUNK_BYTES = 16 * 1024;
const SUFFIX = '.log';

/**
 * Logs as files: `<folder>/<first two characters>/<package id>.log`. Not synced: a loss of power may cost last lines.
 * Followers are woken by the writers of this process.
 */
export async function openFileBuildLog(options: FileBuildLogOptions): Promise<BuildLog> {
  const { folder } = options;
  await mkdir(folder, { recursive: true });
  const followers = new LogFollowers();
  const pathOf = (packageId: string) => join(folder, checkId(packageId).slice(0, 2), packageId + SUFFIX);
  return {
    open: (packageId) => new FileBuildLogWriter(pathOf(packageId), options, () => followers.wake(packageId)),
    async size(packageId) {
      return (await ifThere(stat(pathOf(packageId)).then(({ size }) => size))) ?? 0;
    },
    async read(packageId, { start, end }) {
      const handle = end > start ? await ifThere(open(pathOf(packageId), 'r')) : undefined;
      return handle?.createReadStream({ start, end: end - 1, highWaterMark: READ_CHUNK_BYTES }) ?? Readable.from([]);
    },
    async *follow(packageId, start, signal) {
      const follower = followers.add(packageId);
      signal.addEventListener('abort', follower.wake);
      const reader = createReader(pathOf(packageId), start);
      try {
        while (!signal.aborted) {
          // Asked before reading, so that what was appended before the end is still read.
          const { ended } = follower;
          for await (const chunk of reader.readNew()) {
            if (signal.aborted) return;
            yield chunk;
          }
          if (ended) return;
          await follower.woken();
        }
      } finally {
        signal.removeEventListener('abort', follower.wake);
        followers.remove(packageId, follower);
        await reader.close();
      }
    },
    async delete(packageId) {
      await ifThere(unlink(pathOf(packageId)));
      followers.end(packageId);
    },
    list: () => listPackageIds(folder),
    // A file is what it will be.
    sweep: async () => {},
  };
}

function checkId(packageId: string): string {
  if (!/^[a-z0-9][a-z0-9-]{1,99}$/.test(packageId)) throw new Error(`'${packageId}' is not the id of a package.`);
  return packageId;
}

/** Reads a file that grows, and that need not be there yet. */
function createReader(path: string, start: number) {
  let handle: FileHandle | undefined;
  let position = start;
  return {
    async *readNew(): AsyncGenerator<Uint8Array> {
      handle ??= await ifThere(open(path, 'r'));
      while (handle !== undefined) {
        const buffer = Buffer.allocUnsafe(FOLLOW_CHUNK_BYTES);
        const { bytesRead } = await handle.read(buffer, 0, buffer.length, position);
        if (bytesRead === 0) return;
        position += bytesRead;
        yield buffer.subarray(0, bytesRead);
      }
    },
    close: async () => handle?.close(),
  };
}

async function* listPackageIds(folder: string): AsyncGenerator<string> {
  for await (const shard of await opendir(folder)) {
    if (!shard.isDirectory()) continue;
    for await (const { name } of await opendir(join(folder, shard.name), { bufferSize: 1024 })) {
      if (name.endsWith(SUFFIX)) yield name.slice(0, -SUFFIX.length);
    }
  }
}
