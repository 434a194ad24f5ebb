import { randomUUID } from 'node:crypto';
import { rename, rm } from 'node:fs/promises';

/** Deletes a folder so that it is there whole or not at all, whenever the server is killed. */
export async function removeFolder(folder: string): Promise<void> {
  const doomed = `${folder}.removed-${randomUUID()}`;
  try {
    await rename(folder, doomed);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return;
    throw error;
  }
  await rm(doomed, { recursive: true, force: true });
}
