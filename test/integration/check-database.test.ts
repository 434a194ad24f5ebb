import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { sql } from 'kysely';
import type { Database } from '../../src/database/database.ts';
import { openPostgresDatabase } from '../../src/database/postgres/postgres-database.ts';
import { openSqliteDatabase } from '../../src/database/sqlite/sqlite-database.ts';
import { checkDatabase } from '../../src/main/check-database.ts';
import type { Configuration } from '../../src/main/configuration.ts';
import { postgresDatabase } from '../support/postgres.ts';
import { testConfiguration } from '../support/server.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

async function change(database: Database, statement: string): Promise<void> {
  await database.transaction((queries) => sql.raw(statement).execute(queries));
}

/** What doctor says of a database before its first start, after it, and after an older and a newer version were there. */
async function checkAll(configuration: Configuration, open: () => Promise<Database>) {
  const told: [string, string][] = [];
  const tell = async () => {
    const { state, found } = await checkDatabase(configuration);
    told.push([state, found]);
  };
  await tell();
  const database = await open();
  try {
    await tell();
    await change(database, "delete from kysely_migration where name = '0029-store-marks'");
    await tell();
    await change(database, "insert into kysely_migration (name, timestamp) values ('9999-later', '2099')");
    await tell();
  } finally {
    await database.close();
  }
  return told;
}

for (const kind of ['SQLite', 'PostgreSQL'] as const) {
  test(`doctor says what a database is that was made by this version of Slipway or another: ${kind}`, async (t) => {
    const dataFolder = await temporaryFolder(t);
    const url = kind === 'SQLite' ? undefined : await postgresDatabase();
    const told = await checkAll(testConfiguration(dataFolder, { databaseUrl: url }), () =>
      url === undefined
        ? openSqliteDatabase(join(dataFolder, 'slipway.db'))
        : openPostgresDatabase({ url, applicationName: 'test' }),
    );
    assert.deepEqual(
      told.map(([state]) => state),
      ['ok', 'ok', 'note', 'missing'],
    );
    const [empty, current, older, newer] = told.map(([, found]) => found);
    assert.match(empty ?? '', /holds nothing yet: the first start makes it/);
    assert.match(
      current ?? '',
      kind === 'SQLite' ? /, SQLite, is of this version/ : /, PostgreSQL \d+\.\d+.*, is of this version/,
    );
    assert.match(older ?? '', /is of an older version of Slipway \(before 0029-store-marks\)/);
    assert.match(newer ?? '', /was changed by a newer version of Slipway \(9999-later\)/);
  });
}

test('doctor says that a database is not to be had, and why', async (t) => {
  const url = new URL(await postgresDatabase());
  url.pathname = '/nothing';
  const configuration = testConfiguration(await temporaryFolder(t), { databaseUrl: url.href });
  const { state, advice } = await checkDatabase(configuration);
  assert.equal(state, 'missing');
  assert.match(advice ?? '', /^There is no database 'nothing' at /);
});
