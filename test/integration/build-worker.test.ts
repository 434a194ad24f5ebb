import assert from 'node:assert/strict';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { type TestContext, test } from 'node:test';
import { BlobError } from '../../src/blob/blob-store.ts';
import { openDiskBlobStore } from '../../src/blob/disk-blob-store.ts';
import type { BuildLog } from '../../src/build-log/build-log.ts';
import { openFileBuildLog } from '../../src/build-log/file-build-log.ts';
import type { BuildJob } from '../../src/builders/builder.ts';
import type { Database } from '../../src/database/database.ts';
import { DatabaseUnavailable } from '../../src/database/database-unavailable.ts';
import { listDueEntries } from '../../src/database/outbox.ts';
import { findAnyPackage } from '../../src/database/packages.ts';
import type { PackageRow } from '../../src/database/schema.ts';
import { blobKey } from '../../src/domain/blob-key.ts';
import { BuildFailure } from '../../src/domain/failure.ts';
import type { Login, PackageId } from '../../src/domain/identifiers.ts';
import { createMetrics } from '../../src/metrics/metrics.ts';
import { cancelBuild } from '../../src/operations/cancel-build.ts';
import { sweepOrphans } from '../../src/operations/sweep-orphans.ts';
import type { BuildQueue } from '../../src/queue/build-queue.ts';
import { createRowQueue } from '../../src/queue/row-queue.ts';
import { openRepositories } from '../../src/repository/repositories.ts';
import { NO_TRACING } from '../../src/tracing/no-tracing.ts';
import { BuildWorker, type BuildWorkerOptions } from '../../src/worker/build-worker.ts';
import { addApp, addPackage, testDatabase } from '../support/database.ts';
import { makeTestRepository } from '../support/git.ts';
import { silentBlobs } from '../support/silent-blobs.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';

type Build = (job: BuildJob) => Promise<void>;

const clock = Date.now;
const user = { id: 'u', login: 'someone' as Login, name: 'Someone', isAdmin: true };
const writeHello: Build = ({ output }) => output.write(Buffer.from('hello'));
/** Works until it is told to stop. */
const goOn: Build = ({ signal }) =>
  new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true }));

/** A worker over a real database, real files and a real repository, with a builder that a test decides on. */
async function setUp(context: TestContext, build: Build, buildTimeoutMs = 60_000) {
  const folder = await temporaryFolder(context);
  const source = await makeTestRepository(join(folder, 'source.git'));
  const [revision = ''] = await source.commit([{ branch: 'master', files: { a: 'a' } }]);
  const database = await testDatabase(context);
  const app = await addApp(database, 'calc', source.path);
  const limits = { leaseMs: 30_000, buildsPerApp: 9, preferenceMs: 0, mostInterruptions: 2 };
  const queue = createRowQueue({ database, tracing: NO_TRACING, clock, ...limits });
  const blobs = await openDiskBlobStore(join(folder, 'packages'));
  const onError = (error: unknown) => assert.fail(String(error));
  const buildLog = await openFileBuildLog({ folder: join(folder, 'logs'), clock, mostBytes: 1e6, onError });
  const mirrorsFolder = join(folder, 'mirrors');
  const repositories = openRepositories({ mirrorsFolder, path: process.env.PATH ?? '', home: folder });
  context.after(() => repositories.closeAll());
  const errors: unknown[] = [];

  const makeWorker = (builder: Build, changed: Partial<BuildWorkerOptions> = {}) => {
    const worker = new BuildWorker({
      database,
      blobs,
      buildLog,
      repositoryOf: ({ id, kind, repository }) => repositories.forApp({ key: id, kind, repository, mainBranch: null }),
      secretsOf: async () => ({}),
      chooseBuilder: () => ({ name: 'archive', build: builder }),
      metrics: createMetrics(
        async () => ({}),
        async () => 0,
      ),
      tracing: NO_TRACING,
      clock,
      name: 'worker',
      queue,
      slots: 2,
      buildTimeoutMs,
      heartbeatMs: 1000,
      onError: (error) => errors.push(error),
      ...changed,
    });
    context.after(() => worker.stop(0));
    worker.start();
    return worker;
  };
  const worker = makeWorker(build);
  const start = async (of = revision) => {
    const id = await addPackage(database, app, { revision: of });
    return id;
  };
  const find = (id: PackageId) => findAnyPackage(database.read, id);
  const untilStatus = (id: PackageId, status: PackageRow['status']) =>
    until(`the package is ${status}`, async () => {
      const row = await find(id);
      return row?.status === status && row;
    });
  const leftovers = async () => [await Array.fromAsync(blobs.list()), await blobs.sweep()];
  return {
    app,
    database,
    queue,
    blobs,
    buildLog,
    errors,
    worker,
    makeWorker,
    start,
    find,
    untilStatus,
    leftovers,
  };
}

test('a queued build ends as Succeeded, with its file, its size and SHA-256, and its tag to come', async (t) => {
  const { start, untilStatus, database, blobs } = await setUp(t, writeHello);
  const row = await untilStatus(await start(), 'Succeeded');
  assert.equal(row.size_bytes, 5);
  assert.equal(row.sha256, '2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824');
  assert.equal(await blobs.findSize(row.blob_key ?? ''), 5);
  assert.equal(row.tag_status, 'Pending');
  const [entry] = await listDueEntries(database.read, 'tag', { now: Number.MAX_SAFE_INTEGER, limit: 9 });
  assert.equal(entry?.package_id, row.id);
});

test('a source that cannot be packaged fails the build with its reason and leaves no file', async (t) => {
  const { start, untilStatus, leftovers, errors } = await setUp(t, async ({ output }) => {
    await output.write(Buffer.from('half'));
    throw new BuildFailure('source-unreadable', 'The file x cannot be read.');
  });
  const row = await untilStatus(await start(), 'Failed');
  assert.deepEqual([row.failure_code, row.failure_reason], ['source-unreadable', 'The file x cannot be read.']);
  assert.deepEqual(await leftovers(), [[], 0]);
  assert.deepEqual(errors, []);
});

test('a bug fails the build without telling its insides, and is reported', async (t) => {
  const bug = new TypeError('undefined is not a function');
  const { start, untilStatus, errors } = await setUp(t, () => Promise.reject(bug));
  const row = await untilStatus(await start(), 'Failed');
  assert.equal(row.failure_code, 'internal');
  assert.doesNotMatch(row.failure_reason ?? '', /undefined/);
  await until('the bug is reported', () => errors.includes(bug));
});

test('a revision that is gone fails the build with a reason that names it', async (t) => {
  const { start, untilStatus } = await setUp(t, writeHello);
  const row = await untilStatus(await start('d'.repeat(40)), 'Failed');
  assert.equal(row.failure_code, 'revision-gone');
  assert.match(row.failure_reason ?? '', /d{40}/);
});

test('a full disk fails the build with a reason, and the next build goes on', async (t) => {
  let full = true;
  const { start, untilStatus } = await setUp(t, async (job) => {
    if (full) throw new BlobError('full', 'There is no room.');
    await writeHello(job);
  });
  assert.equal((await untilStatus(await start(), 'Failed')).failure_code, 'disk-full');
  full = false;
  await untilStatus(await start(), 'Succeeded');
});

test('a canceled build stops, stays Failed with the reason canceled, and leaves no file', async (t) => {
  const { app, database, start, untilStatus, find, leftovers, worker, errors } = await setUp(t, goOn);
  const packageId = await start();
  await untilStatus(packageId, 'Building');
  await cancelBuild({ database, clock }, { app, user, packageId });
  await worker.stop(60_000);
  const row = await find(packageId);
  assert.deepEqual([row?.status, row?.failure_reason], ['Failed', 'canceled']);
  assert.deepEqual(await leftovers(), [[], 0]);
  assert.deepEqual(errors, []);
});

test('an app is being built here until its build has really stopped, even after it was canceled', async (t) => {
  const begun = Promise.withResolvers<void>();
  const noticed = Promise.withResolvers<void>();
  const released = Promise.withResolvers<void>();
  const { app, database, start, worker } = await setUp(t, async ({ signal }) => {
    signal.addEventListener('abort', () => noticed.resolve(), { once: true });
    begun.resolve();
    await released.promise;
  });
  const packageId = await start();
  await begun.promise;
  await cancelBuild({ database, clock }, { app, user, packageId });
  await noticed.promise;
  const order: string[] = [];
  const over = worker.untilNotBuilding(app.id).then(() => order.push('over'));
  await worker.untilNotBuilding('another app');
  order.push('released');
  released.resolve();
  await over;
  assert.deepEqual(order, ['released', 'over']);
});

test('a build that takes too long is stopped with a reason that names the limit', async (t) => {
  const { start, untilStatus } = await setUp(t, goOn, 1000);
  const row = await untilStatus(await start(), 'Failed');
  assert.equal(row.failure_code, 'time-limit');
  assert.match(row.failure_reason ?? '', /longer than 1 s/);
});

test('a worker that stops gives its builds back, and another one finishes them', async (t) => {
  const { start, untilStatus, find, worker, makeWorker } = await setUp(t, goOn);
  const id = await start();
  await untilStatus(id, 'Building');
  await worker.stop(0);
  assert.equal((await find(id))?.status, 'Queued');
  makeWorker(writeHello);
  // Whoever stops may have claimed it once more, and given it back at once.
  assert.ok((await untilStatus(id, 'Succeeded')).attempt >= 2);
});

test('a worker that stops while it claims waits for that claim, and gives it back', async (t) => {
  const { app, database, find, makeWorker, worker } = await setUp(t, goOn);
  await worker.stop(0);
  const id = await addPackage(database, app);
  await makeWorker(goOn).stop(0);
  const row = await find(id);
  assert.equal(row?.status, 'Queued');
  assert.equal(row?.attempt, 1);
});

test('a worker that stops lets a build finish that is nearly done', async (t) => {
  const started = Promise.withResolvers<void>();
  const finish = Promise.withResolvers<void>();
  const { start, find, worker } = await setUp(t, async (job) => {
    started.resolve();
    await finish.promise;
    await writeHello(job);
  });
  const id = await start();
  await started.promise;
  const stopped = worker.stop(60_000);
  finish.resolve();
  await stopped;
  assert.equal((await find(id))?.status, 'Succeeded');
});

test('a worker that lost its lease writes nothing, and its file goes away', async (t) => {
  const started = Promise.withResolvers<void>();
  const finish = Promise.withResolvers<void>();
  let attempts = 0;
  const { start, untilStatus, queue, blobs, worker } = await setUp(t, async ({ output }) => {
    attempts += 1;
    const late = attempts === 1;
    await output.write(Buffer.from(late ? 'late' : 'right'));
    if (!late) return;
    started.resolve();
    await finish.promise;
  });
  const id = await start();
  await started.promise;
  await queue.recover({ everyLease: true });
  const row = await untilStatus(id, 'Succeeded');
  finish.resolve();
  await worker.stop(60_000);
  assert.equal(row.size_bytes, 'right'.length);
  assert.deepEqual(await Array.fromAsync(blobs.list()), [row.blob_key]);
});

test('a worker that could not reach the database leaves leases alone for as long as one lasts', async (t) => {
  const { queue, makeWorker } = await setUp(t, writeHello);
  const looks: number[] = [];
  const recover = async () => {
    looks.push(performance.now());
    if (looks.length === 1) throw new DatabaseUnavailable(new Error('cut'));
    return 0;
  };
  makeWorker(writeHello, { heartbeatMs: 20, queue: { ...queue, recover } });
  const [away = 0, next = 0] = await until('it looks again', () => looks.length > 1 && looks);
  assert.ok(next - away >= 4 * 20 - 1, `it looked again after ${next - away} ms`);
});

test('files and logs without a package are swept; those with one stay', async (t) => {
  const { start, untilStatus, database, blobs, buildLog } = await setUp(t, writeHello);
  const row = await untilStatus(await start(), 'Succeeded');
  const stranger = '4ee10492-6cfc-4582-b825-a9040c0988ad';
  await (await blobs.create(`${stranger}.1.abc`)).commit();
  await (await blobs.create(`${row.id}.9.abc`)).commit();
  const log = buildLog.open(stranger, 1);
  log.line('nobody’s');
  await log.close();
  assert.equal(await sweepOrphans({ database, blobs, buildLog, clock }, new AbortController().signal), 3);
  assert.deepEqual(await Array.fromAsync(blobs.list()), [row.blob_key]);
  assert.ok((await buildLog.size(row.id)) > 0);
});

test('a sweep while a build writes its file, or has given it its name, takes nothing away from it', async (t) => {
  const written = Promise.withResolvers<void>();
  const goOn = Promise.withResolvers<void>();
  const world = await setUp(t, async ({ output }) => {
    await output.write(Buffer.from('hello'));
    written.resolve();
    await goOn.promise;
  });
  const sweep = () => sweepOrphans({ ...world, clock }, new AbortController().signal);
  const id = await world.start();
  await written.promise;
  const { attempt, started_at: startedAt } = (await world.find(id)) ?? assert.fail();
  // The file of a build that is Uploading, as this one soon is.
  const other = await addPackage(world.database, world.app, { status: 'Uploading', attempt: 1, started_at: 1 });
  const key = blobKey({ packageId: other, attempt: 1, startedAt: 1 });
  await (await world.blobs.create(key)).commit();
  assert.equal(await sweep(), 0);
  goOn.resolve();
  const row = await world.untilStatus(id, 'Succeeded');
  assert.equal(row.blob_key, blobKey({ packageId: id, attempt, startedAt: startedAt ?? 0 }));
  assert.equal(await sweep(), 0);
  assert.equal(await world.blobs.findSize(row.blob_key ?? ''), 5);
});

for (const [what, build, code, limitMs] of [
  ['fails', () => Promise.reject(new BuildFailure('source-unreadable', 'No.')), 'source-unreadable', 60_000],
  ['takes too long', goOn, 'time-limit', 100],
] as const satisfies readonly (readonly [string, Build, string, number])[]) {
  test(`a build that ${what} while the database is away is Failed once it is back, and not built again`, async (t) => {
    const { worker, makeWorker, database, buildLog, errors, start, untilStatus } = await setUp(t, build, limitMs);
    await worker.stop(0);
    let tries = 0;
    const away = new DatabaseUnavailable(new Error('cut'));
    const transactionInReserve: Database['transactionInReserve'] = async (work) => {
      tries += 1;
      if (tries === 1) throw away;
      const written = await database.transactionInReserve(work);
      // It is written, and nobody is told.
      if (tries === 2) throw away;
      return written;
    };
    const id = await start();
    const other = makeWorker(build, { database: { ...database, transactionInReserve } });
    const row = await untilStatus(id, 'Failed');
    await other.stop(60_000);
    assert.deepEqual([row.failure_code, row.attempt], [code, 1]);
    const log = await text(await buildLog.read(id, { start: 0, end: await buildLog.size(id) }));
    assert.match(log, /Failed: [^\n]+\n$/);
    assert.deepEqual(errors, []);
  });
}

test('a build that the database was away for is given back once it is back', async (t) => {
  let builds = 0;
  const build: Build = async (job) => {
    builds += 1;
    if (builds === 1) throw new DatabaseUnavailable(new Error('cut'));
    await writeHello(job);
  };
  const { worker, makeWorker, queue, errors, start, untilStatus } = await setUp(t, build);
  await worker.stop(0);
  let tries = 0;
  const giveBack: BuildQueue['giveBack'] = async (claim) => {
    tries += 1;
    if (tries === 1) throw new DatabaseUnavailable(new Error('cut'));
    await queue.giveBack(claim);
  };
  const id = await start();
  makeWorker(build, { queue: { ...queue, giveBack } });
  const row = await untilStatus(id, 'Succeeded');
  assert.deepEqual([row.attempt, row.interruptions, tries, errors], [2, 0, 2, []]);
});

test('logs that take long to be closed hold up no build, but for many of them, and whoever stops leaves them', async (t) => {
  const { worker, makeWorker, buildLog, start, untilStatus, find } = await setUp(t, writeHello);
  await worker.stop(0);
  let closing = 0;
  const open: BuildLog['open'] = (id, attempt) => {
    const writer = buildLog.open(id, attempt);
    const close = async (signal?: AbortSignal) => {
      closing += 1;
      await new Promise((resolve) => signal?.addEventListener('abort', resolve, { once: true }));
      await writer.close();
    };
    return { line: (said) => writer.line(said), flush: () => writer.flush(), ready: () => writer.ready(), close };
  };
  const ids = [await start(), await start(), await start()];
  const slow = makeWorker(writeHello, { slots: 1, buildLog: { ...buildLog, open } });
  for (const id of ids.slice(0, 2)) await untilStatus(id, 'Succeeded');
  await until('both are being closed', () => closing === 2);
  assert.equal((await find(ids[2] as PackageId))?.status, 'Queued');
  await slow.stop(0);
  makeWorker(writeHello);
  await untilStatus(ids[2] as PackageId, 'Succeeded');
});

test('a worker that stops does not wait for a store that is silent', async (t) => {
  const { worker, makeWorker, blobs, start, untilStatus } = await setUp(t, writeHello);
  await worker.stop(0);
  const silent = makeWorker(writeHello, { blobs: silentBlobs(blobs) });
  const id = await start();
  await untilStatus(id, 'Uploading');
  await silent.stop(0);
  await untilStatus(id, 'Queued');
});
