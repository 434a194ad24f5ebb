import { chmod, mkdir, readFile, realpath, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { PLACES } from '../bubblewrap-arguments.ts';
import type { UserIds } from './engine.ts';

/**
 * Makes the files that say inside who the user is and what `localhost` means.
 *
 * @param folder made when missing
 * @returns where they are, by their path inside
 */
export async function makeFiles(folder: string, { uid, gid }: UserIds): Promise<Readonly<Record<string, string>>> {
  const contents = {
    '/etc/passwd': `builder:x:${uid}:${gid}:builder:${PLACES.home}:/bin/sh\n`,
    '/etc/group': `builder:x:${gid}:\n`,
    '/etc/hosts': '127.0.0.1 localhost\n::1 localhost\n',
  };
  await mkdir(folder, { recursive: true });
  const files: Record<string, string> = {};
  for (const [path, content] of Object.entries(contents)) {
    const file = join(folder, path.slice('/etc/'.length));
    await writeFile(file, content);
    await chmod(file, 0o644);
    files[path] = file;
  }
  return files;
}

/** Makes a folder that stays empty. */
export async function makeNothing(folder: string): Promise<string> {
  const nothing = join(folder, 'nothing');
  await mkdir(nothing, { recursive: true });
  await chmod(nothing, 0o555);
  return nothing;
}

/** What is hidden in folders that may be read, by the path it would have inside. */
export async function maskedUnder(folders: readonly string[], hidden: readonly string[]): Promise<readonly string[]> {
  const masked = new Set<string>();
  for (const folder of folders) {
    const real = await realpath(folder);
    for (const path of hidden) {
      if (path === real || path.startsWith(`${real}/`)) masked.add(join(folder, relative(real, path)));
    }
  }
  return [...masked];
}

/** Enough for every build; the number of processes counts all of a user, and has a bound of its own. */
const CEILINGS = { openFiles: 65_536, userProcesses: 16_384 };

/** What this process may have itself, and so may give. */
export async function readCeilings(): Promise<typeof CEILINGS> {
  const text = await readFile('/proc/self/limits', 'utf8').catch(() => '');
  const hard = (name: string) => Number(new RegExp(`^${name} +\\S+ +(\\d+)`, 'm').exec(text)?.[1] ?? Infinity);
  return {
    openFiles: Math.min(CEILINGS.openFiles, hard('Max open files')),
    userProcesses: Math.min(CEILINGS.userProcesses, hard('Max processes')),
  };
}
