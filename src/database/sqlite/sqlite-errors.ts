import { Refusal } from '../../domain/refusal.ts';

/**
 * SQLITE_FULL, and SQLITE_IOERR_SHMSIZE: the index of the write-ahead log could not grow.
 * From https://www.sqlite.org/rescode.html
 */
const FULL_CODES: readonly unknown[] = [13, 4874];

/** What is wrong with a database file, by the primary result code. From https://www.sqlite.org/rescode.html */
const PROBLEMS = {
  3: 'not-writable',
  5: 'busy',
  8: 'not-writable',
  10: 'not-writable',
  11: 'damaged',
  14: 'not-writable',
  26: 'damaged',
} as const;

export type SqliteProblem = (typeof PROBLEMS)[keyof typeof PROBLEMS] | 'full';

/** What is wrong with the file, where an error of SQLite, or what it was caused by, says so. */
export function sqliteProblem(error: unknown): SqliteProblem | undefined {
  if (!(error instanceof Error)) return undefined;
  if ('errcode' in error && typeof error.errcode === 'number') {
    return FULL_CODES.includes(error.errcode) ? 'full' : problemOf(error.errcode & 0xff);
  }
  return sqliteProblem(error.cause);
}

function problemOf(code: number): SqliteProblem | undefined {
  return Object.entries(PROBLEMS).find(([known]) => Number(known) === code)?.[1];
}

/** What SQLite threw, as the rest of the program knows it: a full disk is a refusal, everything else stays a bug. */
export function translateSqliteError(error: unknown): unknown {
  return sqliteProblem(error) === 'full' ? new Refusal('STORAGE_FULL', undefined, { cause: error }) : error;
}
