import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addApp, addPackage, testDatabase } from '../../test/support/database.ts';
import { rememberFound } from './look-up.ts';
import { changeStatus, deletePackagesOf, findPackage, listPackages } from './packages.ts';

test('a row that was found is remembered until something is committed', async (t) => {
  const database = await testDatabase(t);
  const app = await addApp(database, 'calc');
  const id = await addPackage(database, app);
  const found = await findPackage(database.read, app.id, id);
  assert.equal(await findPackage(database.read, app.id, id), found, 'the very same object');
  await addPackage(database, app);
  const again = await findPackage(database.read, app.id, id);
  assert.notEqual(again, found);
  assert.deepEqual(again, found);
});

test('what was looked up while it changed is not remembered', async (t) => {
  const database = await testDatabase(t);
  const app = await addApp(database, 'calc');
  const id = await addPackage(database, app);
  const guard = { packageId: id, status: 'Queued', attempt: 0 } as const;
  const lookUps: Promise<unknown>[] = [];
  const lookUp = () => lookUps.push(findPackage(database.read, app.id, id));
  const change = database.transaction(async (queries) => {
    lookUp();
    await changeStatus(queries, guard, 'Building', { started_at: 0 });
    lookUp();
  });
  lookUp();
  await change;
  assert.equal((await findPackage(database.read, app.id, id))?.status, 'Building');
  await Promise.all(lookUps);
  assert.equal((await findPackage(database.read, app.id, id))?.status, 'Building');
});

test('a transaction sees what it wrote itself', async (t) => {
  const database = await testDatabase(t);
  const app = await addApp(database, 'calc');
  const id = await addPackage(database, app);
  await findPackage(database.read, app.id, id);
  await database.transaction(async (queries) => {
    await changeStatus(queries, { packageId: id, status: 'Queued', attempt: 0 }, 'Building', { started_at: 0 });
    assert.equal((await findPackage(queries, app.id, id))?.status, 'Building');
  });
});

test('what several queries found is remembered until something is committed, and never in a transaction', async (t) => {
  const database = await testDatabase(t);
  const app = await addApp(database, 'calc');
  let asked = 0;
  const countOf = rememberFound(async (queries, appKey: string) => {
    asked += 1;
    return (await listPackages(queries, appKey, { limit: 10 })).length;
  });
  for (let at = 0; at < 2; at += 1) assert.equal(await countOf(database.read, app.id), 0);
  assert.equal(asked, 1);
  await addPackage(database, app);
  assert.equal(await countOf(database.read, app.id), 1);
  assert.equal(asked, 2);
  await database.transaction(async (queries) => {
    assert.equal(await countOf(queries, app.id), 1);
    await deletePackagesOf(queries, app.id, 10);
    assert.equal(await countOf(queries, app.id), 0);
  });
  assert.equal(await countOf(database.read, app.id), 0);
});
