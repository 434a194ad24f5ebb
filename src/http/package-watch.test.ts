import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { addApp, addPackage, testDatabase } from '../../test/support/database.ts';
import { createPackageChanges, type PackageChanges } from '../changes/package-changes.ts';
import { changeStatus, deletePackageRow, findPackage } from '../database/packages.ts';
import type { PackageRow } from '../database/schema.ts';
import { waitForStatus } from './package-watch.ts';

async function setUp(t: TestContext) {
  const database = await testDatabase(t);
  const app = await addApp(database, 'calc');
  const id = await addPackage(database, app);
  const row = await findPackage(database.read, app.id, id);
  assert.ok(row);
  const listening = { count: 0 };
  const changes = countListeners(createPackageChanges(), listening);
  return { deps: { database, changes }, row, listening };
}

function countListeners(changes: PackageChanges, listening: { count: number }): PackageChanges {
  return {
    publish: changes.publish,
    subscribe(id, listener) {
      const stop = changes.subscribe(id, listener);
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
  const { deps, row, listening } = await setUp(t);
  const change = () =>
    deps.database.transaction((queries) => changeStatus(queries, start(row), 'Building', { started_at: 0 }));
  const early = waitForStatus(deps, row, new AbortController().signal);
  deps.changes.publish(row.id);
  await change();
  deps.changes.publish(row.id);
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
  const { deps, row, listening } = await setUp(t);
  const waiting = waitForStatus(deps, row, new AbortController().signal);
  await deps.database.transaction((queries) => deletePackageRow(queries, row.id));
  deps.changes.publish(row.id);
  assert.equal(await waiting, undefined);
  assert.equal(listening.count, 0);
});
