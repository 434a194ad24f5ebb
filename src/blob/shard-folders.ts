import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { syncFolder } from '../files/sync-folder.ts';

/** Folders that share out many files, named after the first two characters of a file's name. */
export interface ShardFolders {
  pathOf(name: string): string;
  /** Resolves when the folder for a file is there and survives a loss of power. */
  make(name: string): Promise<void>;
}

/** The name of the folder that a file is in. */
export function shardOf(name: string): string {
  return name.slice(0, 2);
}

/** @param folder where the shards are; what is there already is made durable now */
export async function openShardFolders(folder: string): Promise<ShardFolders> {
  await syncFolder(folder);
  const pathOf = (name: string) => join(folder, shardOf(name));
  // Shared, because who finds a folder that another has just made must wait for it to be durable, too.
  const made = new Map<string, Promise<void>>();
  return {
    pathOf,
    make(name) {
      const path = pathOf(name);
      const making =
        made.get(path) ??
        makeFolder(path, folder).catch((error) => {
          made.delete(path);
          throw error;
        });
      made.set(path, making);
      return making;
    },
  };
}

async function makeFolder(path: string, parent: string): Promise<void> {
  const first = await mkdir(path, { recursive: true });
  if (first !== undefined) await syncFolder(parent);
}
