import { realpath } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Where a path of the workspace really leads, through links and all. Only to be trusted while nothing runs there.
 *
 * @returns undefined where nothing is, `outside` where it leads out of the workspace
 */
export async function resolveInside(workspace: string, path: string): Promise<string | 'outside' | undefined> {
  const root = await realpath(workspace);
  try {
    const real = await realpath(join(root, path));
    return real === root || real.startsWith(`${root}/`) ? real : 'outside';
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ENAMETOOLONG') return undefined;
    if (code === 'ELOOP') return 'outside';
    throw error;
  }
}
