import { readdir, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { CONFIGURATION, DATABASE, KEY_FILES } from '../backup/backup-format.ts';
import { CommandFailure } from '../cli/exit-codes.ts';
import { DataFolderInUse, lockDataFolder } from '../database/sqlite/data-folder-lock.ts';
import { codeOf, ifThere } from '../files/file-errors.ts';
import { removeTree } from '../files/remove-tree.ts';
import { UNFINISHED_RESTORE } from './unfinished-restore.ts';

/** What a restore puts into a data folder. */
const RESTORED: readonly string[] = [...KEY_FILES, CONFIGURATION, 'packages', 'logs'];
/** What may be in a folder that is empty otherwise: a lock that nobody has, and what file systems have at their top. */
const NOTHING: readonly string[] = ['lock', 'lost+found'];

/** @throws CommandFailure for a folder with anything in it but what a restore that was cut off has left */
export async function refuseUsed(dataFolder: string): Promise<void> {
  const names = (await ifThere(readdir(dataFolder))) ?? [];
  const isUnfinished = names.includes(UNFINISHED_RESTORE) && !names.includes(DATABASE);
  const mayBeThere = isUnfinished ? [...NOTHING, ...RESTORED, UNFINISHED_RESTORE] : NOTHING;
  const used = names.find((name) => !mayBeThere.includes(name));
  if (used === undefined) return;
  const isRunning = names.includes('lock') && (await isLocked(dataFolder));
  const what = isRunning
    ? `A Slipway is running on ${dataFolder}: stop it first, then move the folder away`
    : `${dataFolder} is in use: there is '${used}' in it. Move the folder away`;
  const message = `${what}, such as with 'mv ${dataFolder} ${dataFolder}.before', or choose another with --data. A restore never replaces anything.`;
  throw new CommandFailure('usage', isRunning ? 'DATA_FOLDER_IN_USE' : 'DATA_FOLDER_NOT_EMPTY', message);
}

async function isLocked(dataFolder: string): Promise<boolean> {
  try {
    lockDataFolder(join(dataFolder, 'lock'))();
    return false;
  } catch (error) {
    return error instanceof DataFolderInUse;
  }
}

/** @returns how to let go of it @throws CommandFailure */
export function lockOrRefuse(dataFolder: string): () => void {
  try {
    return lockDataFolder(join(dataFolder, 'lock'));
  } catch (error) {
    if (!(error instanceof DataFolderInUse)) throw error;
    const message = `Another Slipway uses ${dataFolder} just now: stop it, or choose another folder with --data.`;
    throw new CommandFailure('usage', 'DATA_FOLDER_IN_USE', message, { cause: error });
  }
}

/** Takes away what a restore has made in a folder, and nothing else. The marker goes last. */
export async function clearRestored(dataFolder: string): Promise<void> {
  for (const name of [...RESTORED, UNFINISHED_RESTORE]) await removeTree(join(dataFolder, name));
}

/** Takes away a data folder with nothing in it but the lock that the caller has. One that others have put something into stays. */
export async function removeLocked(dataFolder: string): Promise<void> {
  await rm(join(dataFolder, 'lock'), { force: true });
  await rmdir(dataFolder).catch((error: unknown) => {
    if (codeOf(error) !== 'ENOTEMPTY') throw error;
  });
}
