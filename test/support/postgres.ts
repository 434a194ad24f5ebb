import type { TestContext } from 'node:test';
import { openPostgresDatabase, type SharedDatabase } from '../../src/database/postgres/postgres-database.ts';
import { createDatabase, createMigrated } from './create-database.ts';
import { startInTemporaryFolder } from './postgres-server.ts';
import { wholeFile } from './whole-file.ts';

/*
 * The PostgreSQL of the tests: that of DATABASE_URL, whose user may make databases, or one that is started for them. A run
 * of many files shares one, which `global-setup.ts` starts; a file that is run by itself starts its own.
 */

let starting: Promise<string> | undefined;
let migrating: Promise<string> | undefined;

/** An empty database of a test's own, which goes with all of the file: whoever uses it has ended then. @returns its address */
export async function postgresDatabase(): Promise<string> {
  return await createDatabase(wholeFile, await findServer());
}

/** The same with its tables: a copy of one that was migrated before. */
export async function migratedDatabase(): Promise<string> {
  const server = await findServer();
  migrating ??= findMigrated(server);
  return await createDatabase(wholeFile, server, await migrating);
}

/** The same, opened. */
export async function openTestPostgres(test: Pick<TestContext, 'after'>): Promise<SharedDatabase> {
  const database = await openPostgresDatabase({ url: await migratedDatabase(), applicationName: 'test' });
  test.after(() => database.close());
  return database;
}

async function findServer(): Promise<string> {
  starting ??= Promise.resolve(process.env.DATABASE_URL ?? startOwn());
  return await starting;
}

async function startOwn(): Promise<string> {
  const { server, stop } = await startInTemporaryFolder();
  wholeFile.after(stop);
  return server.urlOf('postgres');
}

async function findMigrated(server: string): Promise<string> {
  return process.env.SLIPWAY_TEST_MIGRATED ?? (await createMigrated(wholeFile, server));
}
