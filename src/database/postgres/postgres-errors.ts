import pg from 'pg';
import { Refusal } from '../../domain/refusal.ts';
import { DatabaseUnavailable } from '../database-unavailable.ts';

/**
 * Classes of errors that say nothing of the statement: connections (08), insufficient resources (53), an operator who
 * intervened (57), a system error (58); and single ones: a session that was idle in its transaction for too long (25P03)
 * and a lock that was not to be had (55P03). From https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
const PASSING = /^(08|53|57|58)|^25P03$|^55P03$/;
/** From the same page: disk_full. */
const DISK_FULL = '53100';

/** Of Node, where a socket that is a file is not there either while nobody listens; and of the driver, which has no codes. */
const BROKEN = /^(ECONN|ENOENT|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN)|timeout|connection|queryable/i;

/** Whether an error is of the way to the database, and not of what it was asked. */
export function isConnectionError(error: unknown): boolean {
  if (error instanceof AggregateError) return error.errors.some(isConnectionError);
  if (!(error instanceof Error)) return false;
  if (error instanceof pg.DatabaseError) return PASSING.test(error.code ?? '') && error.code !== DISK_FULL;
  return BROKEN.test('code' in error ? String(error.code) : error.message);
}

/** What PostgreSQL threw, as the rest of the program knows it; what is not foreseen stays as it is. */
export function translatePostgresError(error: unknown): unknown {
  if (error instanceof pg.DatabaseError && error.code === DISK_FULL) {
    return new Refusal('STORAGE_FULL', undefined, { cause: error });
  }
  if (error instanceof Refusal || !isConnectionError(error)) return error;
  return new DatabaseUnavailable(error);
}
