import { readdir, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { CommandFailure } from '../cli/exit-codes.ts';
import { ifThere } from '../files/file-errors.ts';

/** In the data folder: what a restore has not finished is in it, and the database is what leaves it last. */
export const UNFINISHED_RESTORE = 'restore.unfinished';

/** For a server that starts: half of a backup is nothing to go on from. @throws CommandFailure */
export async function refuseUnfinishedRestore(dataFolder: string): Promise<void> {
  const folder = join(dataFolder, UNFINISHED_RESTORE);
  const left = await ifThere(readdir(folder));
  if (left === undefined) return;
  if (left.length === 0) return await rmdir(folder);
  const message = `A restore into ${dataFolder} was cut off: run 'slipway restore' again, which begins anew, or choose another folder.`;
  throw new CommandFailure('checkFailed', 'RESTORE_UNFINISHED', message);
}
