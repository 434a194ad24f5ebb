import { readdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';

/** Puts programs of this machine into a folder that is to be the PATH of something, which has no others. */
export async function linkPrograms(folder: string, names: readonly string[]): Promise<void> {
  for (const name of names) await symlink(await findProgram(name), join(folder, name));
}

async function findProgram(name: string): Promise<string> {
  for (const folder of ['/usr/bin', '/usr/sbin']) {
    if ((await readdir(folder)).includes(name)) return join(folder, name);
  }
  throw new Error(`'${name}' is not there.`);
}
