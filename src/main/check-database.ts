import { join } from 'node:path';
import { CommandFailure } from '../cli/exit-codes.ts';
import { listMigrations, missingMigrations, unknownMigrations } from '../database/migrate.ts';
import { getPostgresVersion } from '../database/postgres/look-around.ts';
import type { Configuration } from './configuration.ts';
import { placeOf } from './explain-postgres.ts';
import { explainStart } from './explain-start.ts';
import type { Finding } from './finding.ts';
import { openReader } from './open-reader.ts';

const name = 'database';

/** Whether the database can be reached, what it is, and whether it was made by this version. Changes nothing. */
export async function checkDatabase(configuration: Configuration): Promise<Finding> {
  const { dataFolder, databaseUrl } = configuration;
  const place = databaseUrl === undefined ? join(dataFolder, 'slipway.db') : placeOf(databaseUrl);
  try {
    const queries = await openReader(configuration);
    if (queries === undefined)
      return { name, state: 'ok', found: `${place} holds nothing yet: the first start makes it` };
    try {
      const version = databaseUrl === undefined ? 'SQLite' : `PostgreSQL ${await getPostgresVersion(queries)}`;
      return describe(`${place}, ${version}`, await listMigrations(queries));
    } finally {
      await queries.destroy();
    }
  } catch (error) {
    const explained = explainStart(error, configuration);
    if (!(explained instanceof CommandFailure)) throw error;
    return { name, state: 'missing', found: 'cannot be used', advice: explained.message };
  }
}

function describe(what: string, migrations: readonly string[]): Finding {
  const [newer] = unknownMigrations(migrations);
  if (newer !== undefined) {
    const advice = 'Run that version here, too: this one does not start on it.';
    return { name, state: 'missing', found: `${what}, was changed by a newer version of Slipway (${newer})`, advice };
  }
  const [older] = missingMigrations(migrations);
  if (older === undefined) return { name, state: 'ok', found: `${what}, is of this version` };
  const advice =
    'The next start of this version brings it up to date; what runs on it goes on, and does not start again.';
  return { name, state: 'note', found: `${what}, is of an older version of Slipway (before ${older})`, advice };
}
