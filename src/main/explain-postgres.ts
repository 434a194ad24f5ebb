import { DatabaseUnavailable } from '../database/database-unavailable.ts';
import { NewerDatabase } from '../database/migrate.ts';
import { isConnectionError } from '../database/postgres/postgres-errors.ts';
import type { Explanation } from './explain-start.ts';

/**
 * What is wrong with a shared database that could not be opened, in a sentence with what to do about it.
 *
 * @param url of the database; its password is not shown
 * @param flag by which it was named
 * @returns undefined for what is not the database's
 */
export function explainPostgres(error: unknown, url: string, flag = '--database'): Explanation | undefined {
  const place = placeOf(url);
  if (error instanceof NewerDatabase) {
    const message = `The database ${place} was changed by a newer version of Slipway: run that version here, too.`;
    return { reason: 'usage', code: 'DATABASE_TOO_NEW', message };
  }
  if (error instanceof Error && error.name === 'OldPostgres') {
    return { reason: 'usage', code: 'DATABASE_TOO_OLD', message: `The database ${place}: ${error.message}` };
  }
  const code = codeOf(error);
  const refused = code === undefined ? undefined : REFUSED[code];
  if (refused !== undefined) return { reason: 'usage', code: refused.code, message: refused.say(place, flag) };
  if (!isUnreachable(error, code)) return undefined;
  const message = `The database ${place} does not answer (${code ?? 'in time'}): start it, or correct ${flag} (or SLIPWAY_DATABASE).`;
  return { reason: 'unreachable', code: 'DATABASE_UNREACHABLE', message };
}

/** By the codes of https://www.postgresql.org/docs/current/errcodes-appendix.html */
const REFUSED: Readonly<
  Record<string, { readonly code: string; readonly say: (place: string, flag: string) => string }>
> = {
  '28P01': { code: 'DATABASE_LOGIN', say: wrongLogin },
  '28000': { code: 'DATABASE_LOGIN', say: wrongLogin },
  '3D000': {
    code: 'DATABASE_MISSING',
    say: (place) =>
      `There is no database ${place}: make it with 'createdb', owned by the user that Slipway connects as.`,
  },
  '42501': {
    code: 'DATABASE_RIGHTS',
    say: (place) =>
      `The user may not make tables in the database ${place}: make it the owner of the database, or grant it create on its schema.`,
  },
};

function wrongLogin(place: string, flag: string): string {
  return `The database ${place} does not know this user and password: correct ${flag} (or SLIPWAY_DATABASE).`;
}

/** Of the system, and classes of PostgreSQL: connections, and what an operator or a start lets nobody in for. */
const UNREACHABLE = /^(E[A-Z]{3,}|08...|53...|57...)$/;

/** What the driver itself throws, such as when it has waited long enough, has no code. */
function isUnreachable(error: unknown, code: string | undefined): boolean {
  if (code !== undefined) return UNREACHABLE.test(code);
  return isConnectionError(error instanceof DatabaseUnavailable ? error.cause : error);
}

function codeOf(error: unknown): string | undefined {
  if (error instanceof AggregateError) return codeOf(error.errors[0]);
  if (!(error instanceof Error)) return undefined;
  if ('code' in error && typeof error.code === 'string')
    return error.code === 'NOT_READY' ? codeOf(error.cause) : error.code;
  return codeOf(error.cause);
}

/** Where a database is, for people: without the user and the password. */
export function placeOf(url: string): string {
  const { hostname, port, pathname, searchParams } = new URL(url);
  const host = searchParams.get('host') ?? hostname;
  return `'${pathname.slice(1)}' at ${host}${port === '' ? '' : `:${port}`}`;
}
