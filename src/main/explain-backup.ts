import { BackupUnusable } from '../backup/backup-reader.ts';
import { BlobError } from '../blob/blob-store.ts';
import { CommandFailure, type ExitReason } from '../cli/exit-codes.ts';
import { NewerDatabase } from '../database/migrate.ts';
import { type SqliteProblem, sqliteProblem } from '../database/sqlite/sqlite-errors.ts';
import { Refusal } from '../domain/refusal.ts';
import { codeOf } from '../files/file-errors.ts';

/**
 * What kept a backup from being made, in a sentence with what to do about it; a bug comes back as it is.
 *
 * @param target undefined for standard output
 */
export function explainBackup(error: unknown, dataFolder: string, target: string | undefined): unknown {
  if (error instanceof CommandFailure) return error;
  if (error instanceof NewerDatabase) {
    const message = `The database in ${dataFolder} is of a newer version of Slipway: back it up with that version.`;
    return new CommandFailure('usage', 'DATABASE_TOO_NEW', message, { cause: error });
  }
  const where = target ?? 'standard output';
  if (isFull(error)) return full(`The disk of the backup ${where} is full: make room, or write it elsewhere.`, error);
  const problem = sqliteProblem(error);
  if (problem !== undefined && problem !== 'full') return explainDatabase(problem, dataFolder, error);
  if (codeOf(error) === 'EPIPE') {
    const message = 'Whoever read the backup from standard output stopped before its end: it is none.';
    return new CommandFailure('checkFailed', 'OUTPUT_CLOSED', message, { cause: error });
  }
  return explainFile(error) ?? error;
}

/** The same for a restore from a file. */
export function explainRestore(error: unknown, file: string, dataFolder: string): unknown {
  if (error instanceof CommandFailure) return error;
  if (error instanceof BackupUnusable) {
    const [reason, code] = UNUSABLE[error.kind];
    return new CommandFailure(reason, code, `${file} ${error.message}. Nothing was restored.`, { cause: error });
  }
  if (isFull(error))
    return full(`The disk of ${dataFolder} is full: make room, or restore elsewhere with --data.`, error);
  return explainFile(error) ?? error;
}

const UNUSABLE: Readonly<Record<BackupUnusable['kind'], readonly [ExitReason, string]>> = {
  foreign: ['usage', 'NO_BACKUP'],
  damaged: ['checkFailed', 'BACKUP_DAMAGED'],
  'too-new': ['usage', 'BACKUP_TOO_NEW'],
};

function explainDatabase(problem: Exclude<SqliteProblem, 'full'>, dataFolder: string, cause: unknown): CommandFailure {
  const words = DATABASE_PROBLEMS[problem];
  const message = `The database in ${dataFolder} ${words}`;
  return new CommandFailure(problem === 'damaged' ? 'checkFailed' : 'usage', 'DATABASE_UNREADABLE', message, { cause });
}

const DATABASE_PROBLEMS: Readonly<Record<Exclude<SqliteProblem, 'full'>, string>> = {
  damaged: 'is damaged, or none of Slipway: it cannot be backed up.',
  busy: 'is in use by another program for long: try again.',
  'not-writable': 'cannot be read by this user: run this as the user of the server.',
};

const FILE_CODES: Readonly<Record<string, string>> = {
  EACCES: 'may not be read or written by this user',
  EPERM: 'may not be read or written by this user',
  EROFS: 'is on a file system that is read-only',
  ENOENT: 'is not there',
  ENOTDIR: 'is not below a folder',
  EISDIR: 'is a folder',
};

function explainFile(error: unknown): CommandFailure | undefined {
  const words = FILE_CODES[String(codeOf(error))];
  if (words === undefined || !(error instanceof Error) || !('path' in error)) return undefined;
  const message = `${String(error.path)} ${words}: name another file or folder, or see to that one.`;
  return new CommandFailure('usage', 'FILE_UNUSABLE', message, { cause: error });
}

function full(message: string, cause: unknown): CommandFailure {
  return new CommandFailure('checkFailed', 'STORAGE_FULL', message, { cause });
}

function isFull(error: unknown): boolean {
  if (error instanceof BlobError) return error.kind === 'full';
  if (error instanceof Refusal) return error.code === 'STORAGE_FULL';
  return ['ENOSPC', 'EDQUOT'].includes(String(codeOf(error))) || sqliteProblem(error) === 'full';
}
