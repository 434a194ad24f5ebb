import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { codeOf } from '../../files/file-errors.ts';

/**
 * Opens a file that a foreign command has left. Only a file is one: a link could lead anywhere, and a pipe would keep its
 * reader waiting.
 *
 * @returns undefined where there is no such file; whoever is given one closes it
 */
export async function openBuiltFile(path: string): Promise<FileHandle | undefined> {
  const handle = await openPlainly(path);
  if (handle === undefined || (await handle.stat()).isFile()) return handle;
  await handle.close();
  return undefined;
}

async function openPlainly(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if (NO_FILE.has(codeOf(error))) return undefined;
    throw error;
  }
}

const NO_FILE = new Set<unknown>(['ENOENT', 'ELOOP', 'ENXIO', 'ENOTDIR']);
