import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import pg from 'pg';
import { findPackage } from '../../src/database/packages.ts';
import { openPostgresDatabase, type SharedDatabase } from '../../src/database/postgres/postgres-database.ts';
import type { PackageId } from '../../src/domain/identifiers.ts';
import { addApp, addPackage } from '../support/database.ts';
import { migratedDatabase } from '../support/postgres.ts';

/** A database as two processes have it, and a package that one of them writes and the other one looks up. */
async function setUp(t: TestContext) {
  const url = await migratedDatabase();
  const open = async () => {
    const database = await openPostgresDatabase({ url, applicationName: 'test' });
    t.after(() => database.close());
    return database;
  };
  const [here, there] = [await open(), await open()];
  const app = await addApp(there, 'calc');
  const id = await addPackage(there, app);
  return { url, here, there, id, look: (database = here) => findPackage(database.read, app.id, id) };
}

async function describe(database: SharedDatabase, id: PackageId, description: string): Promise<void> {
  await database.transaction((queries) =>
    queries.updateTable('packages').set({ description }).where('id', '=', id).execute(),
  );
}

test('a row is remembered while nobody commits anything, and read again once somebody has', async (t) => {
  const { here, there, id, look } = await setUp(t);
  const found = await look();
  assert.equal(await look(), found, 'the very same object');
  for (const writer of [there, here]) {
    await describe(writer, id, 'changed');
    const again = await look();
    assert.notEqual(again, found);
    assert.equal(again?.description, 'changed');
    assert.equal(await look(), again);
    await describe(writer, id, 'changed back');
  }
});

test('what one process has committed every look-up of another one sees that begins afterwards', async (t) => {
  const { there, id, look } = await setUp(t);
  let committed = 0;
  let isWriting = true;
  let looks = 0;
  const writing = (async () => {
    for (let number = 1; number <= 100; number += 1) {
      await describe(there, id, String(number));
      committed = number;
    }
    isWriting = false;
  })();
  const looking = Array.from({ length: 8 }, async () => {
    for (let seen = 0; isWriting; looks += 1) {
      const least = Math.max(committed, seen);
      seen = Number((await look())?.description || 0);
      assert.ok(seen >= least, `${seen} was found after ${least}`);
    }
  });
  await Promise.all([writing, ...looking]);
  assert.equal((await look())?.description, '100');
  t.diagnostic(`${looks} look-ups`);
});

test('nothing that was remembered outlives the connection that vouches for it', async (t) => {
  const { url, look } = await setUp(t);
  const found = await look();
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  t.after(() => client.end());
  await client.query(
    `select pg_terminate_backend(pid, 10000) from pg_stat_activity
     where datname = current_database() and query like '%pg_current_snapshot%' and pid <> pg_backend_pid()`,
  );
  const again = await look();
  assert.notEqual(again, found);
  assert.deepEqual(again, found);
  // Once it is there again it vouches for what was read since.
  const next = await look();
  assert.equal(await look(), next);
});
