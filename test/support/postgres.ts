import { randomUUID } from 'node:crypto';
import { after, type TestContext } from 'node:test';
import pg from 'pg';
import { openPostgresDatabase, type SharedDatabase } from '../../src/database/postgres/postgres-database.ts';
import { type PostgresServer, startInTemporaryFolder } from './postgres-server.ts';

/*
 * The PostgreSQL of the tests: that of DATABASE_URL, whose user may make databases, or one that is started for them. A run
 * of many files shares one, which `global-setup.ts` starts; a file that is run by itself starts its own.
 */

let starting: ReturnType<typeof startInTemporaryFolder> | undefined;
/** They go when all tests of the file have ended, and with them whoever uses them. */
const made: { readonly server: string; readonly name: string }[] = [];

after(async () => {
  for (const { server, name } of made) await query(server, `drop database ${name} with (force)`);
  await (await starting)?.stop();
});

/** An empty database of a test's own. @returns its address */
export async function postgresDatabase(): Promise<string> {
  const server = process.env.DATABASE_URL ?? (await ownServer()).urlOf('postgres');
  const name = `slipway_test_${randomUUID().replaceAll('-', '')}`;
  await query(server, `create database ${name}`);
  made.push({ server, name });
  const url = new URL(server);
  url.pathname = `/${name}`;
  return url.href;
}

/** The same, opened. */
export async function openTestPostgres(test: Pick<TestContext, 'after'>): Promise<SharedDatabase> {
  const database = await openPostgresDatabase({ url: await postgresDatabase(), applicationName: 'test' });
  test.after(() => database.close());
  return database;
}

async function query(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

async function ownServer(): Promise<PostgresServer> {
  starting ??= startInTemporaryFolder();
  return (await starting).server;
}
