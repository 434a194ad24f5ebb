import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { type TestContext, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { sql } from 'kysely';
import { noteChange } from '../../src/database/change-notices.ts';
import type { Database } from '../../src/database/database.ts';
import { DatabaseUnavailable } from '../../src/database/database-unavailable.ts';
import { findLeaseEnd, type Lease, takeLease } from '../../src/database/leases.ts';
import { openPostgresDatabase } from '../../src/database/postgres/postgres-database.ts';
import { query } from '../support/create-database.ts';
import { openDatabaseWay } from '../support/database-way.ts';
import { postgresDatabase } from '../support/postgres.ts';
import { until } from '../support/until.ts';

/** A database as two processes have it; the way of one of them can be disturbed. */
async function openBoth(t: TestContext) {
  const url = await postgresDatabase();
  const way = await openDatabaseWay(t, url);
  const open = async (address: string) => {
    const database = await openPostgresDatabase({ url: address, applicationName: 'test' });
    t.after(() => database.close());
    return database;
  };
  return { way, near: await open(way.url), far: await open(url) };
}

const LEASE: Lease = { name: 'something', holder: 'somebody' };

/** Writes something that others wait for. */
function write(database: Database): Promise<boolean> {
  return database.transaction((queries) => {
    noteChange(queries, 'builds');
    return takeLease(queries, LEASE, { now: 1, expiresAt: 2 });
  });
}

function countNotices(database: Database): { readonly told: number } {
  const counted = { told: 0 };
  database.onChange('builds', () => {
    counted.told += 1;
  });
  return counted;
}

test('a commit whose answer is lost is told to everybody, also where it was made', async (t) => {
  const { way, near, far } = await openBoth(t);
  const counts = [countNotices(near), countNotices(far)];
  const lost = way.loseNextCommit();
  await assert.rejects(write(near), (error) => error instanceof DatabaseUnavailable && error.mayBeWritten);
  await lost;
  await until('both were told', () => counts.every(({ told }) => told > 0));
});

test('what was missed on a way that has gone silent is told within seconds', async (t) => {
  const { way, near, far } = await openBoth(t);
  const count = countNotices(near);
  way.forget();
  await write(far);
  await until('it was told all the same', () => count.told > 0);
});

test('a database is closed within seconds, also where it does not answer any more', async (t) => {
  const { way, near } = await openBoth(t);
  await write(near);
  way.silence();
  const began = performance.now();
  await near.close();
  assert.ok(performance.now() - began < 10_000);
});

test('connections that the database has not to give are waited for', async (t) => {
  const url = await postgresDatabase();
  const login = `slipway_test_${randomUUID().replaceAll('-', '')}`;
  await query(url, `create role ${login} login password 'secret'; grant all on schema public to ${login}`);
  t.after(() => query(url, `drop owned by ${login}; drop role ${login}`));
  const way = await openDatabaseWay(t, url);
  const address = Object.assign(new URL(way.url), { username: login, password: 'secret' });
  const database = await openPostgresDatabase({ url: address.href, applicationName: 'test' });
  try {
    await query(url, `alter role ${login} connection limit 0`);
    await query(url, `select pg_terminate_backend(pid) from pg_stat_activity where usename = '${login}'`);
    const asked = way.asked();
    const written = write(database);
    const read = findLeaseEnd(database.read, LEASE.name);
    await until('both were refused several times', () => way.asked() > asked + 10);
    await query(url, `alter role ${login} connection limit -1`);
    assert.equal(await written, true);
    await read;
  } finally {
    await database.close();
  }
});

test('a transaction that is cut off in its middle writes nothing, and the next one is not held up by it', async (t) => {
  const { way, near } = await openBoth(t);
  await assert.rejects(
    near.transaction(async (queries) => {
      await takeLease(queries, LEASE, { now: 1, expiresAt: 2 });
      way.cut();
      way.mend();
      await takeLease(queries, LEASE, { now: 1, expiresAt: 3 });
    }),
    (error) => error instanceof DatabaseUnavailable && !error.mayBeWritten,
  );
  assert.deepEqual(await near.read.selectFrom('leases').selectAll().execute(), []);
  assert.equal(await write(near), true);
});

test('a read that is cut off is made again, and ends no process', async (t) => {
  const { way, near } = await openBoth(t);
  const reads = Array.from({ length: 4 }, () =>
    sql<{ readonly done: number }>`select 1 as done from pg_sleep(1)`.execute(near.read),
  );
  await until('they are under way', () => way.connections() >= 5);
  way.cut();
  way.mend();
  for (const { rows } of await Promise.all(reads)) assert.deepEqual(rows, [{ done: 1 }]);
});

test('the clock is that of the database, however long it takes to ask', { timeout: 60_000 }, async (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  const { way, near, far } = await openBoth(t);
  way.silence();
  // It is asked again now, and answered late: there is nothing to wait for but the time that this takes.
  t.mock.timers.tick(60_000);
  await setTimeout(2000);
  way.mend();
  await near.read.selectFrom('leases').selectAll().execute();
  assert.ok(Math.abs(near.now() - far.now()) < 500, `${near.now() - far.now()} ms`);
});
