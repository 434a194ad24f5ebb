import { Refusal } from '../domain/refusal.ts';

/** SQLITE_FULL, from https://www.sqlite.org/rescode.html */
const SQLITE_FULL = 13;

/** What SQLite threw, as the rest of the program knows it: a full disk is a refusal, everything else stays a bug. */
export function translateSqliteError(error: unknown): unknown {
  const isFull = error instanceof Error && 'errcode' in error && error.errcode === SQLITE_FULL;
  return isFull ? new Refusal('STORAGE_FULL', undefined, { cause: error }) : error;
}
