import { Refusal } from '../domain/refusal.ts';

/**
 * SQLITE_FULL, and SQLITE_IOERR_SHMSIZE: the index of the write-ahead log could not grow.
 * From https://www.sqlite.org/rescode.html
 */
const FULL_CODES: readonly unknown[] = [13, 4874];

/** What SQLite threw, as the rest of the program knows it: a full disk is a refusal, everything else stays a bug. */
export function translateSqliteError(error: unknown): unknown {
  const isFull = error instanceof Error && 'errcode' in error && FULL_CODES.includes(error.errcode);
  return isFull ? new Refusal('STORAGE_FULL', undefined, { cause: error }) : error;
}
