import { randomUUID } from 'node:crypto';
import { rename, rm } from 'node:fs/promises';
import { ifThere } from '../files/file-errors.ts';

/** Deletes a folder so that it is there whole or not at all, whenever the server is killed. */
export async function removeFolder(folder: string): Promise<void> {
  const doomed = `${folder}.removed-${randomUUID()}`;
  await ifThere(rename(folder, doomed));
  await rm(doomed, { recursive: true, force: true });
}
