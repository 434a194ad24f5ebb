import { randomUUID } from 'node:crypto';
import { chmod, opendir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** Bytes below the folder that is removed; the kernel takes no path of more than 4096. */
const LONGEST_PATH_BYTES = 1024;

/**
 * Removes a folder and what is in it: folders that their owner may not even look into, and those that lie so deep that
 * no path leads to them, included. Nothing may run there.
 */
export async function removeTree(folder: string): Promise<void> {
  try {
    await rm(folder, { recursive: true, force: true });
  } catch {
    await openUp(Buffer.from(folder));
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** In bytes, since names need not be text. */
async function openUp(root: Buffer): Promise<void> {
  const folders = [root];
  for (let next = folders.pop(); next !== undefined; next = folders.pop()) {
    await chmod(next, 0o700);
    for (const name of await foldersIn(next)) folders.push(await within(root, Buffer.concat([next, SLASH, name])));
  }
}

const SLASH = Buffer.from('/');

async function foldersIn(folder: Buffer): Promise<readonly Buffer[]> {
  const names: Buffer[] = [];
  for await (const entry of await opendir(folder, { encoding: 'buffer' as 'utf8' })) {
    const name: unknown = entry.name;
    if (entry.isDirectory() && Buffer.isBuffer(name)) names.push(name);
  }
  return names;
}

/** Where a folder is after it was moved up, if it was too deep. */
async function within(root: Buffer, folder: Buffer): Promise<Buffer> {
  if (folder.length - root.length < LONGEST_PATH_BYTES) return folder;
  // Who moves a folder has to be able to write it.
  await chmod(folder, 0o700);
  const higher = Buffer.from(join(root.toString(), randomUUID()));
  await rename(folder, higher);
  return higher;
}
