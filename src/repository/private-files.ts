import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** How the folders begin that a killed server leaves: to be deleted at the next start. */
export const PRIVATE_PREFIX = 'private.';

/**
 * Lets `work` have texts as files that nobody but this user can read, and that are gone when it ends. Without texts there
 * are no files.
 *
 * @param parent where the folder for them is made
 * @param texts by the names of their files, which may be in folders
 * @param work is given the path of each file by its name, and the folder they are in
 */
export async function withPrivateFiles<T>(
  parent: string,
  texts: Readonly<Record<string, string>>,
  work: (paths: Readonly<Record<string, string>>, folder: string) => Promise<T>,
): Promise<T> {
  const files = Object.entries(texts);
  if (files.length === 0) return await work({}, parent);
  const folder = await mkdtemp(join(parent, PRIVATE_PREFIX));
  try {
    for (const [name, text] of files) {
      await mkdir(dirname(join(folder, name)), { recursive: true, mode: 0o700 });
      await writeFile(join(folder, name), text, { mode: 0o600, flag: 'wx' });
    }
    return await work(Object.fromEntries(files.map(([name]) => [name, join(folder, name)])), folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
