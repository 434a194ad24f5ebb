import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { openDiskBlobStore } from '../../src/blob/disk-blob-store.ts';
import { openFileBuildLog } from '../../src/build-log/file-build-log.ts';
import { markAppDeleted, updateAppRow } from '../../src/database/apps.ts';
import { listAudit } from '../../src/database/audit.ts';
import { insertOutboxEntry } from '../../src/database/outbox.ts';
import { deletePackageRow, updatePinned } from '../../src/database/packages.ts';
import type { NewPackage } from '../../src/database/schema.ts';
import { insertWebhook } from '../../src/database/webhooks.ts';
import { parseMode } from '../../src/domain/environment-mode.ts';
import { type PackageId, parseLogin } from '../../src/domain/identifiers.ts';
import { createMetrics } from '../../src/metrics/metrics.ts';
import { createEnvironment } from '../../src/operations/create-environment.ts';
import { deleteEnvironment } from '../../src/operations/delete-environment.ts';
import { findExpiryDates } from '../../src/operations/find-expiry-dates.ts';
import { pruneApps } from '../../src/operations/prune-apps.ts';
import { type PrunePackagesArgs, prunePackages } from '../../src/operations/prune-packages.ts';
import { startEnvironment } from '../../src/operations/start-environment.ts';
import { stopEnvironment } from '../../src/operations/stop-environment.ts';
import { transportPackage } from '../../src/operations/transport-package.ts';
import { MOST_NAMED, type Retention } from '../../src/protocol/retention.ts';
import { addApp, addFailedPackages, addPackage, testDatabase } from '../support/database.ts';
import { openDeployments } from '../support/deployments.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';

const DAY_MS = 86_400_000;
const NOW = 1_700_000_000_000;
const USER = { id: 'user-1', login: parseLogin('richard'), name: 'Richard', isAdmin: true };
const NEVER = new AbortController().signal;
const NOTHING_KEPT = { Unfinished: 0, InUse: 0, Pinned: 0, HeldLast: 0, Newest: 0, Young: 0 };

/** The app `calc` with environments that record, at a time that the test decides on. */
async function setUp(t: TestContext) {
  const database = await testDatabase(t);
  const app = await addApp(database, 'calc');
  const folder = await temporaryFolder(t);
  const blobs = await openDiskBlobStore(join(folder, 'blobs'));
  const buildLog = await openFileBuildLog({
    folder: join(folder, 'logs'),
    clock: Date.now,
    mostBytes: 1000,
    onError: assert.ifError,
  });
  const time = { now: NOW, onRead: () => {} };
  const metrics = createMetrics(
    async () => ({}),
    async () => 0,
  );
  const clock = () => {
    time.onRead();
    return time.now;
  };
  const deps = { database, blobs, buildLog, metrics, clock };
  const deploying = openDeployments(database, {});
  const add = (fields: Partial<NewPackage> = {}): Promise<PackageId> => {
    const end = fields.status ?? 'Succeeded';
    return addPackage(database, app, {
      status: end,
      created_at: NOW,
      ...(end === 'Succeeded' && { blob_key: `${randomUUID()}.1`, sha256: 'abc', size_bytes: 7 }),
      ...(end === 'Failed' && { failure_code: 'internal', failure_reason: '' }),
      ...fields,
    });
  };
  const left = async () =>
    (await database.read.selectFrom('packages').select('id').orderBy('sequence').execute()).map(({ id }) => id);
  return {
    ...deps,
    deps,
    app,
    folder,
    time,
    add,
    left,
    addOld: (fields: Partial<NewPackage> = {}) => add({ created_at: NOW - 100 * DAY_MS, ...fields }),
    prune: (retention: Retention | undefined, others: Partial<PrunePackagesArgs> = {}, signal = NEVER) =>
      prunePackages(deps, { app, login: USER.login, retention, dryRun: false, after: 0, ...others }, signal),
    environment: (Mode: string) => createEnvironment(deploying, { user: USER, app, request: { Mode } }),
    transport: (mode: string, packageId: PackageId) =>
      transportPackage(deploying, { user: USER, app, mode: parseMode(mode), packageId }),
    async run(mode: string) {
      const { jobId } = await startEnvironment(deploying, { user: USER, app, mode: parseMode(mode), autoSyncDb: true });
      await until('it has started', async () => {
        const job = await database.read
          .selectFrom('deployment_jobs')
          .selectAll()
          .where('id', '=', jobId)
          .executeTakeFirst();
        return job?.state === 'Done';
      });
    },
    stop: (mode: string) => stopEnvironment(deploying, { user: USER, app, mode: parseMode(mode) }),
    deleteEnvironment: (mode: string) =>
      deleteEnvironment(deploying, { user: USER, app, mode: parseMode(mode), force: false }),
    async keepByPolicy(retention: Retention | null) {
      const settings = retention === null ? '{}' : JSON.stringify({ Retention: retention });
      await database.transaction((queries) => updateAppRow(queries, app.id, { settings }));
    },
  };
}

test('nothing goes unless a retention is set or given', async (t) => {
  const { prune, addOld, left, deps } = await setUp(t);
  const id = await addOld();
  await assert.rejects(prune(undefined), { code: 'INVALID_PARAMETERS', message: /'calc' keeps all its packages/ });
  await assert.rejects(prune({}), { code: 'INVALID_PARAMETERS' });
  await pruneApps({ ...deps, onError: assert.ifError }, NEVER);
  assert.deepEqual(await left(), [id]);
});

test('a package goes when nothing keeps it, and each reason keeps by itself', async (t) => {
  const world = await setUp(t);
  const { add, addOld, prune, left, transport, run, environment, database, app } = world;
  await environment('Test');
  const gone = await addOld();
  const failed = await addOld({ status: 'Failed' });
  const upload = await addOld({ origin: 'upload', branch: '', revision: '' });
  const ran = await addOld();
  const held = await addOld();
  const pinned = await addOld({ pinned: 1 });
  const waits = await addOld();
  const queued = await addOld({ status: 'Queued' });
  const newest = await addOld({ branch: 'other' });
  const young = await add();
  const before = await addOld({ branch: 'held' });
  await addOld({ branch: 'held', pinned: 1 });
  await transport('Test', before);
  await transport('Test', ran);
  await run('Test');
  await transport('Test', held);
  const entry = { kind: 'deploy', package_id: waits, app_id: app.id, created_at: NOW, due_at: NOW } as const;
  await database.transaction((queries) => insertOutboxEntry(queries, entry));
  const all = await left();
  const retention = { KeepNewest: 1, KeepDays: 30 };
  const counted = { ...NOTHING_KEPT, Unfinished: 1, InUse: 3, Pinned: 2, HeldLast: 1, Newest: 4 };

  const dry = await prune(retention, { dryRun: true });
  assert.deepEqual(await left(), all, 'it was only asked');
  assert.deepEqual(
    dry.packages.map(({ id }) => id),
    [gone],
  );
  const pruned = await prune(retention);
  assert.deepEqual(pruned, dry);
  assert.deepEqual([pruned.count, pruned.bytes, pruned.next], [1, 7, undefined]);
  assert.deepEqual(pruned.kept, counted);
  assert.deepEqual(
    await left(),
    all.filter((id) => id !== gone),
  );

  assert.deepEqual((await prune({ KeepDays: 30 })).kept, { ...counted, Newest: 0, Young: 1 });
  const kept = [ran, held, pinned, waits, queued, young, before];
  assert.deepEqual((await left()).slice(0, 7), kept);
  for (const id of [failed, upload, newest]) assert.ok(!(await left()).includes(id));
});

test('the newest are counted for each branch; what failed pushes out no package, and goes as well', async (t) => {
  const { addOld, prune, left } = await setUp(t);
  const onMain = [await addOld(), await addOld(), await addOld()];
  const failed = [];
  for (let at = 0; at < 4; at += 1) failed.push(await addOld({ status: 'Failed' }));
  const uploads = [];
  for (let at = 0; at < 3; at += 1) uploads.push(await addOld({ origin: 'upload', branch: '', revision: '' }));
  const alone = await addOld({ branch: 'feature' });
  const { count, kept } = await prune({ KeepNewest: 2 });
  assert.deepEqual([count, kept.Newest], [4, 7]);
  assert.deepEqual(await left(), [...onMain.slice(1), ...failed.slice(2), ...uploads.slice(1), alone]);
});

test('an environment keeps the five distinct packages that it held last, besides what it holds and runs', async (t) => {
  const { addOld, prune, left, transport, run, stop, environment, deleteEnvironment } = await setUp(t);
  await environment('Test');
  await environment('Acceptance');
  const packages: PackageId[] = [];
  for (let at = 0; at < 9; at += 1) packages.push(await addOld());
  const [first, second, ...others] = packages as [PackageId, PackageId, ...PackageId[]];
  for (const id of [first, second]) await transport('Test', id);
  await run('Test');
  for (const id of others) await transport('Test', id);
  await transport('Test', others[2] ?? first);
  const { kept } = await prune({ KeepDays: 1 });
  assert.deepEqual(kept, { ...NOTHING_KEPT, InUse: 2, HeldLast: 5 });
  assert.deepEqual(await left(), [second, ...others.slice(1)], 'the second runs, and is none of the five');
  await stop('Test');
  await prune({ KeepDays: 1 });
  assert.deepEqual(await left(), others.slice(1), 'it ran, but five others were held later');
  await transport('Acceptance', others[1] ?? first);
  await deleteEnvironment('Test');
  await prune({ KeepDays: 1 });
  assert.deepEqual(await left(), [others[1]], 'what was held by an environment that is gone');
});

test('what has come to be kept since it was looked at stays', async (t) => {
  const { addOld, prune, left, database, time } = await setUp(t);
  const [pinned, gone] = [await addOld(), await addOld()];
  // The clock is read once the page was looked at: what begins now is written before the deletion.
  time.onRead = () => {
    time.onRead = () => {};
    void database.transaction((queries) => updatePinned(queries, pinned, true));
  };
  const { kept, count, packages } = await prune({ KeepDays: 1 });
  assert.deepEqual([count, kept], [1, { ...NOTHING_KEPT, Pinned: 1 }]);
  assert.deepEqual(
    packages.map(({ id }) => id),
    [gone],
  );
  assert.deepEqual(await left(), [pinned]);
});

test('a retention that is taken back, and an app that is deleted meanwhile, end it', async (t) => {
  for (const end of ['policy', 'app'] as const) {
    const { addOld, keepByPolicy, left, database, app, time, deps } = await setUp(t);
    await keepByPolicy({ KeepDays: 1 });
    const id = await addOld();
    let reads = 0;
    time.onRead = () => {
      reads += 1;
      if (reads > 1) return;
      if (end === 'policy') void keepByPolicy(null);
      else void database.transaction((queries) => markAppDeleted(queries, app.id, NOW));
    };
    await pruneApps({ ...deps, onError: assert.ifError }, NEVER);
    assert.ok(reads > 0);
    assert.deepEqual(await left(), [id], end);
  }
});

test('each deletion is in the audit and told, with who and why; its file and its log are gone once it ends', async (t) => {
  const { addOld, prune, left, database, blobs, buildLog, app, folder, metrics } = await setUp(t);
  await database.transaction((queries) =>
    insertWebhook(queries, {
      id: 'mxep_1',
      app_id: app.id,
      name: 'all',
      url: 'https://example.com',
      event_types: '["package.deleted"]',
      is_active: 1,
      secrets: '',
      headers: null,
      note: null,
      failing_since: null,
      created_at: NOW,
    }),
  );
  const keys = ['ab-one', 'ab-two'];
  const ids: PackageId[] = [];
  for (const blob_key of keys) {
    const id = await addOld({ blob_key, version: `1.0.${ids.length}.1` });
    const blob = await blobs.create(blob_key);
    await blob.write(Buffer.alloc(7));
    await blob.commit();
    const log = buildLog.open(id, 1);
    log.line('a line');
    await log.close();
    ids.push(id);
  }
  await prune({ KeepDays: 30 });
  assert.deepEqual(await left(), []);
  assert.deepEqual(await readdir(join(folder, 'blobs', 'ab')), []);
  for (const id of ids) assert.equal(await buildLog.size(id), 0);
  const entries = await listAudit(database.read, { limit: 10 });
  const told = entries.map(({ login, action, subject, detail }) => [login, action, subject, detail]);
  assert.deepEqual(told, [
    ['richard', 'package.prune', 'calc', `${ids[1]} 1.0.1.1, not kept by days=30`],
    ['richard', 'package.prune', 'calc', `${ids[0]} 1.0.0.1, not kept by days=30`],
  ]);
  const messages = await database.read.selectFrom('webhook_messages').selectAll().execute();
  assert.deepEqual(
    messages.map(({ payload }) => JSON.parse(payload).packageId),
    ids,
  );
  const { text } = await metrics.render();
  assert.match(text, /^slipway_packages_pruned_total 2$/m);
  assert.match(text, /^slipway_pruned_bytes_total 14$/m);
});

test('the server prunes every app with a retention in its own name, and one that fails holds up no other', async (t) => {
  const { deps, database, addOld, keepByPolicy, left, app } = await setUp(t);
  await addOld();
  await keepByPolicy({ Preset: 'hosted' });
  const broken = await addApp(database, 'broken');
  await database.transaction((queries) =>
    updateAppRow(queries, broken.id, { settings: JSON.stringify({ Retention: { KeepDays: 1 } }) }),
  );
  const blob_key = 'NO KEY';
  await addPackage(database, broken, { status: 'Succeeded', blob_key, sha256: '', created_at: 1 });
  const young = await addPackage(database, app, {
    status: 'Failed',
    failure_code: 'internal',
    failure_reason: '',
    created_at: NOW,
  });
  const failed: string[] = [];
  await pruneApps({ ...deps, onError: (_error, appId) => failed.push(appId) }, NEVER);
  assert.deepEqual(failed, ['broken']);
  assert.deepEqual(await left(), [young]);
  const logins = (await listAudit(database.read, { limit: 10 })).map(({ login }) => login);
  assert.deepEqual(new Set(logins), new Set(['slipway']));
});

test('very many packages go in stretches, of which only the first packages are named', async (t) => {
  const { prune, database, app, left } = await setUp(t);
  await addFailedPackages(database, app, 1234);
  const stopped = AbortSignal.abort();
  const first = await prune({ KeepNewest: 34 }, {}, stopped);
  assert.ok(first.next !== undefined && first.count > 0 && first.count < 1200, 'it ended after a page');
  const dry = await prune({ KeepNewest: 34 }, { dryRun: true });
  assert.equal(dry.count, 1200 - first.count);
  assert.equal(dry.packages.length, MOST_NAMED);
  const rest = await prune({ KeepNewest: 34 }, { after: first.next });
  assert.deepEqual([first.count + rest.count, first.kept.Newest + rest.kept.Newest, rest.next], [1200, 34, undefined]);
  assert.equal((await left()).length, 34);
});

test('of two that prune at once, each package is deleted by one', async (t) => {
  const { prune, database, app, left } = await setUp(t);
  await addFailedPackages(database, app, 500);
  const both = await Promise.all([prune({ KeepNewest: 100 }), prune({ KeepNewest: 100 })]);
  assert.equal(both[0].count + both[1].count, 400);
  assert.equal((await left()).length, 100);
  assert.equal((await listAudit(database.read, { limit: 1000 })).length, 400);
});

test('what the server does by itself ends where everything is too young', async (t) => {
  const { prune, addOld, add, left } = await setUp(t);
  const old = await addOld();
  for (let at = 0; at < 120; at += 1) await add();
  const { kept, count } = await prune({ KeepDays: 30 }, { onlyOld: true });
  assert.equal(count, 1);
  assert.ok(kept.Young < 120, 'the last of them were not read');
  assert.ok(!(await left()).includes(old));
  assert.equal((await prune({ KeepDays: 30 }, { dryRun: true })).kept.Young, 120);
});

test('packages of a time when the clock was ahead do not end it, and are kept until they are old', async (t) => {
  const { prune, add, addOld, left } = await setUp(t);
  for (let at = 0; at < 60; at += 1) await add({ created_at: NOW + 1000 * DAY_MS });
  const old = await addOld();
  assert.equal((await prune({ KeepDays: 30 }, { onlyOld: true })).count, 1);
  assert.ok(!(await left()).includes(old));
  assert.equal((await left()).length, 60);
});

test('the expiry date is when the age lets it go, and there is none while something else keeps it', async (t) => {
  const { app, add, database, transport, environment, keepByPolicy } = await setUp(t);
  await environment('Test');
  await add({ branch: 'old' });
  await add({ pinned: 1 });
  const held = await add();
  await transport('Test', held);
  await add({ status: 'Queued' });
  await add();
  const datesBy = async (retention: Retention | null) => {
    await keepByPolicy(retention);
    const settings = retention === null ? '{}' : JSON.stringify({ Retention: retention });
    const rows = await database.read.selectFrom('packages').selectAll().orderBy('sequence').execute();
    return findExpiryDates(database.read, { ...app, settings }, rows);
  };
  assert.deepEqual(await datesBy(null), [null, null, null, null, null]);
  const hosted = NOW + 15 * DAY_MS;
  assert.deepEqual(await datesBy({ Preset: 'hosted' }), [hosted, null, null, null, hosted]);
  assert.deepEqual(await datesBy({ KeepNewest: 1, KeepDays: 2 }), [null, null, null, null, null]);
  await add({ branch: 'old' });
  assert.equal((await datesBy({ KeepNewest: 1, KeepDays: 2 }))[0], NOW + 2 * DAY_MS);
  assert.equal((await datesBy({ KeepNewest: 1 }))[0], NOW, 'from when it was made on');
});

test('a package that is deleted takes no place among those that an environment held last', async (t) => {
  const { addOld, environment, transport, prune, left, database } = await setUp(t);
  await environment('Test');
  const packages: PackageId[] = [];
  for (let at = 0; at < 7; at += 1) packages.push(await addOld());
  for (const id of packages) await transport('Test', id);
  const [oldest, next, deleted] = packages as [PackageId, PackageId, PackageId];
  await database.transaction((queries) => deletePackageRow(queries, deleted));
  await prune({ KeepDays: 1 });
  assert.deepEqual(
    await left(),
    packages.filter((id) => id !== deleted),
  );
  assert.deepEqual([oldest, next], (await left()).slice(0, 2));
});
