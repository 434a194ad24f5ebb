import { Kysely, PostgresDialect, sql } from 'kysely';
import pg from 'pg';
import { migrate } from '../migrate.ts';
import type { Tables } from '../schema.ts';
import { CONNECT_MS, DatabaseClient, type PostgresAddress } from './postgres-client.ts';
import { withPatience } from './postgres-patience.ts';
import { TextByCodes } from './postgres-text.ts';

/** Older than what our queries and our tests know. */
export class OldPostgres extends Error {
  override readonly name = 'OldPostgres';
}

const OLDEST = 13;

/**
 * Brings the tables up to this program's. Of several processes that begin at once one does so, and the others wait for
 * it: the migrator holds an advisory lock.
 *
 * @throws NewerDatabase; OldPostgres; what PostgreSQL throws, also when it is away for long
 */
export async function migratePostgres({ url, applicationName }: PostgresAddress): Promise<void> {
  // Without the other limits of connections: an index of a million rows takes as long as it takes.
  const pool = new pg.Pool({
    connectionString: url,
    application_name: applicationName,
    connectionTimeoutMillis: CONNECT_MS,
    keepAlive: true,
    max: 1,
    Client: DatabaseClient,
  });
  pool.on('error', () => undefined);
  const database = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }), plugins: [new TextByCodes()] });
  try {
    await withPatience(() => checkVersion(database));
    await migrate(database);
  } finally {
    await database.destroy();
  }
}

/** @throws OldPostgres; what PostgreSQL throws */
export async function checkVersion(database: Kysely<Tables>): Promise<void> {
  const asked = sql<{ readonly version: string }>`select current_setting('server_version_num') as version`;
  const { rows } = await asked.execute(database);
  const major = Math.floor(Number(rows[0]?.version) / 10_000);
  if (major < OLDEST) throw new OldPostgres(`PostgreSQL ${major} is too old: Slipway needs ${OLDEST} or later.`);
}
