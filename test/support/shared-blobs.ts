import { mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { temporaryFolder } from './temporary-folder.ts';

/** Where all servers and workers of a test keep packages: the one place that says how they share them. */
export interface SharedBlobs {
  /** What each process has in its environment. */
  readonly variables: Readonly<Record<string, string>>;
  /** Makes the folder of a process that is about to start for the first time. */
  prepare(dataFolder: string): Promise<void>;
}

const SHARDS = Array.from({ length: 256 }, (_, index) => index.toString(16).padStart(2, '0'));

/**
 * A disk that all of them have: packages are in the same folders for everybody, and what is not finished is in a folder of
 * each one's own, which its start empties.
 */
export async function openSharedBlobs(test: { after(work: () => unknown): void }): Promise<SharedBlobs> {
  const folder = await temporaryFolder(test);
  for (const shard of SHARDS) await mkdir(join(folder, shard));
  return {
    variables: {},
    async prepare(dataFolder) {
      const own = join(dataFolder, 'packages');
      await mkdir(own, { recursive: true });
      for (const shard of SHARDS) await symlink(join(folder, shard), join(own, shard));
    },
  };
}
