import { lchown, lstat, opendir } from 'node:fs/promises';
import { join } from 'node:path';
import type { UserIds } from './engine.ts';

/**
 * Gives folders and what is in them to the user of a container. Only root may, and only root has to: for others that user
 * is their own. A folder that already is the user's is taken as given with all it holds, since it is given last.
 */
export async function ownRoom(folders: readonly string[], { uid, gid }: UserIds): Promise<void> {
  if (process.getuid?.() !== 0 || uid === 0) return;
  for (const folder of folders) await give(folder, uid, gid);
}

async function give(folder: string, uid: number, gid: number): Promise<void> {
  if ((await lstat(folder)).uid === uid) return;
  for await (const entry of await opendir(folder)) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await give(path, uid, gid);
    else await lchown(path, uid, gid);
  }
  await lchown(folder, uid, gid);
}
