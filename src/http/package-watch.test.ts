import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { addApp, addPackage, testDatabase } from '../../test/support/database.ts';
import type { Database } from '../database/database.ts';
import { changeStatus, deletePackageRow, findPackage } from '../database/packages.ts';
import type { PackageRow } from '../database/schema.ts';
import { type WatchDependencies, waitForStatus } from './package-watch.ts';

async function setUp(t: TestContext) {
  const database = await testDatabase(t);
  const app = await addApp(database, 'calc');
  const id = await addPackage(database, app);
  const row = await findPackage(database.read, app.id, id);
  assert.ok(row);
  const listening = { count: 0 };
  return { database, deps: { database: countListeners(database, listening) }, row, listening };
}

function countListeners(database: Database, listening: { count: number }): WatchDependencies['database'] {
  return {
    read: database.read,
    onChange(topic, listener) {
      const stop = database.onChange(topic, listener);
      listening.count += 1;
      return () => {
        listening.count -= 1;
        stop();
      };
    },
  };
}

function start(row: PackageRow) {
  return { packageId: row.id, status: row.status, attempt: row.attempt };
}

test('waiting ends with a change of status, whether it comes before or after', async (t) => {
  const { database, deps, row, listening } = await setUp(t);
  const change = () =>
    database.transaction((queries) => changeStatus(queries, start(row), 'Building', { started_at: 0 }));
  const early = waitForStatus(deps, row, new AbortController().signal);
  await change();
  assert.equal((await early)?.status, 'Building');
  const late = await waitForStatus(deps, row, new AbortController().signal);
  assert.equal(late?.status, 'Building');
  assert.equal(listening.count, 0);
});

test('waiting ends with the signal, and tells what is', async (t) => {
  const { deps, row, listening } = await setUp(t);
  assert.equal((await waitForStatus(deps, row, AbortSignal.abort()))?.status, 'Queued');
  const controller = new AbortController();
  const waiting = waitForStatus(deps, row, controller.signal);
  setImmediate(() => controller.abort());
  assert.equal((await waiting)?.status, 'Queued');
  assert.equal(listening.count, 0);
});

test('waiting ends with the package', async (t) => {
  const { database, deps, row, listening } = await setUp(t);
  const waiting = waitForStatus(deps, row, new AbortController().signal);
  await database.transaction((queries) => deletePackageRow(queries, row.id));
  assert.equal(await waiting, undefined);
  assert.equal(listening.count, 0);
});
