import { Kysely, PostgresDialect } from 'kysely';
import pg from 'pg';
import { migrate } from '../migrate.ts';
import type { Tables } from '../schema.ts';
import type { PostgresAddress } from './postgres-client.ts';

/**
 * Brings the tables up to this program's. Of several processes that begin at once one does so, and the others wait for
 * it: the migrator holds an advisory lock.
 *
 * @throws NewerDatabase; what PostgreSQL throws
 */
export async function migratePostgres({ url, applicationName }: PostgresAddress): Promise<void> {
  // Without the limits of other connections: an index of a million rows takes as long as it takes.
  const pool = new pg.Pool({ connectionString: url, application_name: applicationName, max: 1 });
  pool.on('error', () => undefined);
  const database = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) });
  try {
    await migrate(database);
  } finally {
    await database.destroy();
  }
}
