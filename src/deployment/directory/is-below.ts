import { isAbsolute, relative, sep } from 'node:path';

/** Whether an absolute path lies below a folder, and is not that folder. Both are taken as they are written. */
export function isBelow(path: string, folder: string): boolean {
  const way = relative(folder, path);
  return way !== '' && way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}
