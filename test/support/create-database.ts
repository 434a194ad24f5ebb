import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { migratePostgres } from '../../src/database/postgres/migrate-postgres.ts';

type Context = { after(work: () => unknown): void };

/**
 * Makes a database, which is dropped when the test ends.
 *
 * @param server the address of any database of the server
 * @param template the name of the one that it is a copy of
 * @returns its address
 */
export async function createDatabase(test: Context, server: string, template = 'template1'): Promise<string> {
  const name = `slipway_test_${randomUUID().replaceAll('-', '')}`;
  await query(server, `create database ${name} template ${template}`);
  test.after(() => query(server, `drop database ${name} with (force)`));
  const url = new URL(server);
  url.pathname = `/${name}`;
  return url.href;
}

/** Makes one that has its tables, for others to be copies of. @returns its name */
export async function createMigrated(test: Context, server: string): Promise<string> {
  const url = await createDatabase(test, server);
  await migratePostgres({ url, applicationName: 'test' });
  return new URL(url).pathname.slice(1);
}

/** Runs statements on a connection of their own. */
export async function query(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
