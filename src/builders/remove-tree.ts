import { chmod, opendir, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** Removes a folder and what is in it, folders that their owner may not even look into included. */
export async function removeTree(folder: string): Promise<void> {
  try {
    await rm(folder, { recursive: true, force: true });
  } catch {
    await openUp(folder);
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

async function openUp(folder: string): Promise<void> {
  const folders = [folder];
  for (let next = folders.pop(); next !== undefined; next = folders.pop()) {
    await chmod(next, 0o700);
    for await (const entry of await opendir(next)) if (entry.isDirectory()) folders.push(join(next, entry.name));
  }
}
