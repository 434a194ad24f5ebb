import { access, constants } from 'node:fs/promises';
import { join } from 'node:path';

/** @param path folders, separated by colons */
export async function isOnPath(program: string, path: string): Promise<boolean> {
  for (const folder of path.split(':').filter((part) => part !== '')) {
    const found = await access(join(folder, program), constants.X_OK).then(
      () => true,
      () => false,
    );
    if (found) return true;
  }
  return false;
}
