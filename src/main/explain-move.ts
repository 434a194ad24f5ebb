import { BlobError } from '../blob/blob-store.ts';
import { CommandFailure } from '../cli/exit-codes.ts';
import { isConnectionError } from '../database/postgres/postgres-errors.ts';
import { sqliteProblem } from '../database/sqlite/sqlite-errors.ts';
import { Refusal } from '../domain/refusal.ts';
import { explainPostgres, placeOf } from './explain-postgres.ts';
import type { MoveRequest } from './move-data-folder.ts';

const GOES_ON = 'Then run this again: it goes on where it was.';

/** What kept a move from its end, in a sentence with what to do about it; a bug comes back as it is. */
export function explainMove(error: unknown, { dataFolder, databaseUrl }: MoveRequest): unknown {
  if (error instanceof CommandFailure) return error;
  if (error instanceof BlobError && (error.kind === 'unavailable' || error.kind === 'full')) {
    return new CommandFailure('unreachable', 'STORE_UNAVAILABLE', `${error.message} ${GOES_ON}`, { cause: error });
  }
  const { reason, code, message } = explainPostgres(error, databaseUrl, '--to') ?? {};
  if (reason !== undefined && code !== undefined) {
    return new CommandFailure(reason, code, `${message} ${GOES_ON}`, { cause: error });
  }
  const problem = sqliteProblem(error);
  if (problem !== undefined) {
    const text = `The database in ${dataFolder} cannot be read (${problem}): run this as the user of the server, or move what 'slipway restore' makes of a backup.`;
    return new CommandFailure('checkFailed', 'DATABASE_UNREADABLE', text, { cause: error });
  }
  if (!(error instanceof Refusal || isConnectionError(error))) return error;
  const text = `The database ${placeOf(databaseUrl)} was lost on the way, or is full: see to it. ${GOES_ON}`;
  return new CommandFailure('unreachable', 'DATABASE_UNREACHABLE', text, { cause: error });
}
