import { sql } from 'kysely';
import pg from 'pg';
import type { Queries } from '../database.ts';
import { checkVersion } from './migrate-postgres.ts';
import { clientConfig, type PostgresAddress } from './postgres-client.ts';

/** A table that is in a database without being Slipway's; undefined for a database that is empty or Slipway's. */
export async function findForeignTable(address: PostgresAddress): Promise<string | undefined> {
  const client = new pg.Client(clientConfig(address));
  // Whoever waits for an answer is told by that.
  client.on('error', () => undefined);
  await client.connect();
  try {
    const { rows } = await client.query<{ readonly name: string }>(
      'select table_name as name from information_schema.tables where table_schema = current_schema()',
    );
    return rows.some(({ name }) => name === 'kysely_migration') ? undefined : rows[0]?.name;
  } finally {
    await client.end();
  }
}

/** Whether there is anything of Slipway's. @throws OldPostgres; what PostgreSQL throws, also when it is away for long */
export async function hasTables(queries: Queries): Promise<boolean> {
  await checkVersion(queries);
  const { rows } = await sql<{ readonly there: boolean }>`
    select to_regclass('kysely_migration') is not null as there`.execute(queries);
  return rows[0]?.there === true;
}

/** Such as `17.6`. */
export async function getPostgresVersion(queries: Queries): Promise<string> {
  const { rows } = await sql<{ readonly version: string }>`select current_setting('server_version') as version`.execute(
    queries,
  );
  return rows[0]?.version ?? '';
}

/** The names under which other Slipways are connected to the same database. */
export async function listOtherSlipways(queries: Queries): Promise<string[]> {
  const { rows } = await sql<{ readonly name: string }>`
    select distinct application_name as name from pg_stat_activity
    where datname = current_database() and application_name like 'slipway%'
      and application_name <> current_setting('application_name')
    order by name`.execute(queries);
  return rows.map(({ name }) => name);
}
