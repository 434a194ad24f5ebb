import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { type TestContext, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { BlobStore } from '../../src/blob/blob-store.ts';
import type { BuildLog } from '../../src/build-log/build-log.ts';
import { listLogChunks } from '../../src/database/build-log-chunks.ts';
import type { Database } from '../../src/database/database.ts';
import { DatabaseUnavailable } from '../../src/database/database-unavailable.ts';
import { changeStatus } from '../../src/database/packages.ts';
import { openPostgresDatabase } from '../../src/database/postgres/postgres-database.ts';
import type { PackageId } from '../../src/domain/identifiers.ts';
import { sweepOrphans } from '../../src/operations/sweep-orphans.ts';
import { testDatabase } from '../support/database.ts';
import { followLog } from '../support/follow-log.ts';
import { openTestPostgres, postgresDatabase } from '../support/postgres.ts';
import { startInTemporaryFolder } from '../support/postgres-server.ts';
import { setUpSharedLog } from '../support/shared-log.ts';
import { silentBlobs } from '../support/silent-blobs.ts';
import { until } from '../support/until.ts';
import { STEPS } from '../support/write-log-and-die.ts';

const noSignal = new AbortController().signal;
const DYING = fileURLToPath(new URL('../support/write-log-and-die.ts', import.meta.url));

const readAll = async (log: BuildLog, id: string) => text(await log.read(id, { start: 0, end: await log.size(id) }));
const chunksOf = (database: Database, id: PackageId) => listLogChunks(database.read, id, { from: 0, limit: 1e5 });

/** As the queue does with a build whose worker vanished. */
async function beginAgain(database: Database, packageId: PackageId): Promise<void> {
  await database.transaction(async (queries) => {
    await changeStatus(queries, { packageId, status: 'Building', attempt: 1 }, 'Queued');
    const guard = { packageId, status: 'Queued', attempt: 1 } as const;
    await changeStatus(queries, guard, 'Building', { attempt: 2, started_at: 2 });
  });
}

async function fail(database: Database, packageId: PackageId, attempt = 1): Promise<void> {
  await database.transaction((queries) =>
    changeStatus(queries, { packageId, status: 'Building', attempt }, 'Failed', {
      failure_code: 'internal',
      failure_reason: '',
      finished_at: 1,
    }),
  );
}

/** A log, and how a server sees it that has nothing to do with the worker: through a connection of its own. */
async function setUpTwo(t: TestContext, url: string) {
  const [worker, server] = await Promise.all(
    ['worker', 'server'].map((applicationName) => openPostgresDatabase({ url, applicationName })),
  );
  assert.ok(worker && server);
  t.after(() => Promise.all([worker.close(), server.close()]));
  const shared = await setUpSharedLog(t, worker);
  const onServer = shared.open({ database: server });
  return { worker, server, onServer, ...shared };
}

test('a log is followed from a server while a worker writes it, and on when it becomes a blob', async (t) => {
  const { worker, server, onServer, log, packageId, deletePackage } = await setUpTwo(t, await postgresDatabase());
  const follower = followLog(t, onServer, packageId);
  const late = followLog(t, onServer, packageId, 30);
  const writer = log.open(packageId, 1);
  for (let count = 0; count < 200; count += 1) writer.line(`line ${count}`);
  await follower.seen('line 199\n');
  await fail(worker, packageId);
  writer.line('last words');
  await writer.close();
  assert.deepEqual(
    (await chunksOf(server, packageId)).map(({ text }) => text),
    [null],
  );
  await follower.seen('last words\n');
  const whole = await readAll(onServer, packageId);
  // Somebody goes on all the same: nothing is lost, and nothing comes twice.
  const again = log.open(packageId, 1);
  again.line('an afterthought');
  await again.close();
  await follower.seen('an afterthought\n');
  assert.ok(follower.text.startsWith(whole));
  assert.equal(follower.text, await readAll(onServer, packageId));
  assert.equal(late.text, follower.text.slice(30));
  await deletePackage();
  await onServer.delete(packageId);
  await Promise.all([follower.ended, late.ended]);
});

test('whoever follows a log asks nothing until there is something to read', async (t) => {
  const { server, log, packageId, open } = await setUpTwo(t, await postgresDatabase());
  let reads = 0;
  const database = new Proxy(server, {
    get(target, name) {
      if (name === 'read') reads += 1;
      return Reflect.get(target, name);
    },
  });
  const follower = followLog(t, open({ database }), packageId);
  const writer = log.open(packageId, 1);
  writer.line('first');
  await follower.seen('first');
  const before = reads;
  const other = log.open(packageId, 1);
  other.line('second');
  await follower.seen('second');
  assert.ok(reads - before <= 4, `${reads - before} reads`);
  await Promise.all([writer.close(), other.close()]);
});

test('where writing takes long, a build that talks all the time writes less often, and nothing is lost', async (t) => {
  const slow = await testDatabase(t);
  const writes: { began: number; ended: number }[] = [];
  const database: Database = {
    ...slow,
    async transaction(work, durability) {
      const began = performance.now();
      await setTimeout(40);
      const result = await slow.transaction(work, durability);
      writes.push({ began, ended: performance.now() });
      return result;
    },
  };
  const { open, packageId } = await setUpSharedLog(t, slow);
  const log = open({ database });
  const writer = log.open(packageId, 1);
  let lines = 0;
  const talking = setInterval(() => writer.line(`line ${++lines}`), 5);
  t.after(() => clearInterval(talking));
  await until('it was written three times', () => writes.length === 3);
  clearInterval(talking);
  const [, second, third] = writes;
  assert.ok(second && third && third.began - second.ended >= 9 * (second.ended - second.began));
  await writer.close();
  assert.ok((await readAll(log, packageId)).endsWith(`line ${lines}\n`));
});

test('a worker that was killed leaves what it wrote, and the sweep makes a blob of it', async (t) => {
  const url = await postgresDatabase();
  const { worker, server, folder, blobs, onServer, packageId } = await setUpTwo(t, url);
  await fail(worker, packageId);
  const sweep = () => sweepOrphans({ database: server, blobs, buildLog: onServer, clock: Date.now }, noSignal);
  for (const [done, step] of STEPS.entries()) {
    const follower = followLog(t, onServer, packageId, await onServer.size(packageId));
    await dieAt(url, folder, packageId, step);
    const whole = await readAll(onServer, packageId);
    assert.equal(whole.match(/line [123]\n/g)?.length, (done + 1) * 3, step);
    await follower.seen('line 3\n');
    // A blob may be about to become the log, for all that a sweep knows: it takes two for what is left to be gone.
    await sweep();
    assert.equal(await readAll(onServer, packageId), whole, step);
    await sweep();
    const [chunk, ...others] = await chunksOf(server, packageId);
    assert.deepEqual(others, [], step);
    assert.deepEqual(await Array.fromAsync(blobs.list()), [chunk?.blob_key], step);
    assert.equal(await readAll(onServer, packageId), whole, step);
  }
});

async function dieAt(url: string, folder: string, packageId: string, step: string): Promise<void> {
  const child = spawn(process.execPath, [DYING, url, folder, packageId, step], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const said = text(child.stdout);
  const [, signal] = await once(child, 'close');
  assert.equal(signal, 'SIGKILL', step);
  assert.equal(await said, '1\n2\n3\n');
}

for (const [name, openDatabase] of [
  ['SQLite', testDatabase],
  ['PostgreSQL', openTestPostgres],
] as const) {
  test(`${name}: a worker that wakes up too late writes nothing into the log of the next attempt`, async (t) => {
    const database = await openDatabase(t);
    const { log, packageId } = await setUpSharedLog(t, database);
    const late = log.open(packageId, 1);
    late.line('in time');
    await late.flush();
    late.line('too late');
    await beginAgain(database, packageId);
    const next = log.open(packageId, 2);
    next.line('next attempt');
    await next.flush();
    late.line('later still');
    await late.close();
    await next.close();
    assert.match(await readAll(log, packageId), /^\S+ in time\n\S+ next attempt\n$/);
  });

  test(`${name}: those who finish a log at once leave one blob, which is the log`, async (t) => {
    const database = await openDatabase(t);
    const { log, blobs, packageId } = await setUpSharedLog(t, database);
    await fail(database, packageId);
    const writers = Array.from({ length: 8 }, () => log.open(packageId, 1));
    for (const writer of writers) writer.line('line');
    await Promise.all([...writers.map((writer) => writer.close()), log.sweep(noSignal)]);
    await log.sweep(noSignal);
    const [chunk, ...others] = await chunksOf(database, packageId);
    assert.deepEqual(others, []);
    assert.deepEqual(await Array.fromAsync(blobs.list()), [chunk?.blob_key]);
    assert.equal((await readAll(log, packageId)).match(/line\n/g)?.length, 8);
  });

  test(`${name}: a log of a build under way is no blob, and one of an unknown package goes with the sweep`, async (t) => {
    const database = await openDatabase(t);
    const { log, blobs, packageId, deletePackage } = await setUpSharedLog(t, database);
    const writer = log.open(packageId, 1);
    writer.line('line');
    await writer.close();
    const sweep = () => sweepOrphans({ database, blobs, buildLog: log, clock: Date.now }, noSignal);
    await sweep();
    assert.deepEqual(await Array.fromAsync(blobs.list()), []);
    await fail(database, packageId);
    await sweep();
    await sweep();
    assert.equal((await Array.fromAsync(blobs.list())).length, 1);
    await deletePackage();
    await sweep();
    assert.deepEqual(await Array.fromAsync(blobs.list()), []);
    assert.equal(await log.size(packageId), 0);
  });

  test(`${name}: a log that grows line by line has few chunks, and one of megabytes comes back as it is`, async (t) => {
    const database = await openDatabase(t);
    const { log, packageId } = await setUpSharedLog(t, database);
    const writer = log.open(packageId, 1);
    for (let count = 0; count < 100; count += 1) {
      writer.line('ä'.repeat(200));
      await writer.flush();
    }
    assert.ok((await chunksOf(database, packageId)).length <= 7);
    for (let count = 0; count < 2000; count += 1) {
      writer.line('€'.repeat(1000));
      await writer.ready();
    }
    await writer.flush();
    const whole = await readAll(log, packageId);
    assert.equal(Buffer.byteLength(whole), 100 * 426 + 2000 * 3026);
    assert.equal(await log.size(packageId), Buffer.byteLength(whole));
    assert.ok(!whole.includes('\ufffd'));
    for (const start of [1, 8192, 100_001, 5_000_000]) {
      const part = await log.read(packageId, { start, end: start + 100_000 });
      assert.ok(Buffer.concat(await Array.fromAsync(part)).equals(Buffer.from(whole).subarray(start, start + 100_000)));
    }
    await writer.close();
  });
}

test('a database that is restarted costs no line, and none comes twice', async (t) => {
  const { server: postgres, stop } = await startInTemporaryFolder();
  const { log, onServer, packageId } = await setUpTwo(t, postgres.urlOf('postgres'));
  t.after(stop);
  const follower = followLog(t, onServer, packageId);
  const writer = log.open(packageId, 1);
  writer.line('before');
  await follower.seen('before');
  await postgres.stop();
  writer.line('while it is away');
  const flushed = writer.flush();
  writer.line('later');
  await postgres.start();
  await flushed;
  await writer.close();
  await follower.seen('later\n');
  assert.match(follower.text, /^\S+ before\n\S+ while it is away\n\S+ later\n$/);
  assert.equal(follower.text, await readAll(onServer, packageId));
});

/** A database that is away while a test says so, and one commit of which was made though nobody was told. */
function unsteady(database: Database) {
  const state = { isAway: false, losesAnswer: false };
  const transaction: Database['transaction'] = async (work, durability) => {
    if (state.isAway) throw new DatabaseUnavailable(new Error('away'));
    const result = await database.transaction(work, durability);
    if (!state.losesAnswer) return result;
    state.losesAnswer = false;
    throw new DatabaseUnavailable(new Error('no answer'), { mayBeWritten: true });
  };
  return { state, database: { ...database, transaction } };
}

test('lines wait while the database is away, and those that do not fit are counted', async (t) => {
  const { state, database } = unsteady(await testDatabase(t));
  const { log, packageId } = await setUpSharedLog(t, database);
  const writer = log.open(packageId, 1);
  state.isAway = true;
  writer.line('first');
  await writer.flush();
  for (let count = 0; count < 1000; count += 1) {
    writer.line(`${count} ${'x'.repeat(10_000)}`);
    await writer.ready();
  }
  assert.equal(await log.size(packageId), 0);
  state.isAway = false;
  await writer.close();
  const lines = (await readAll(log, packageId)).trimEnd().split('\n');
  assert.match(lines[0] ?? '', /first$/);
  assert.match(lines.at(-1) ?? '', new RegExp(`Z … ${1002 - lines.length} lines were dropped: the database did not`));
  assert.ok(lines.length > 100 && lines.length < 600);
});

test('lines whose commit was not answered are not written twice', async (t) => {
  const { state, database } = unsteady(await testDatabase(t));
  const { log, packageId } = await setUpSharedLog(t, database);
  const writer = log.open(packageId, 1);
  writer.line('one');
  await writer.flush();
  state.losesAnswer = true;
  writer.line('two');
  await writer.flush();
  writer.line('three');
  await writer.close();
  assert.match(await readAll(log, packageId), /^\S+ one\n\S+ two\n\S+ three\n$/);
});

test('a log that cannot be finished stays readable, is reported, and is finished later', async (t) => {
  const database = await testDatabase(t);
  const errors: unknown[] = [];
  const { log, blobs, open, packageId } = await setUpSharedLog(t, database);
  await fail(database, packageId);
  const full: BlobStore['create'] = async () => {
    throw new Error('The store is full.');
  };
  const failing = open({ blobs: { ...blobs, create: full }, onError: (error) => errors.push(error) });
  const writer = failing.open(packageId, 1);
  writer.line('kept');
  await writer.close();
  assert.equal(errors.length, 1);
  assert.match(await readAll(log, packageId), /kept\n$/);
  await log.sweep(noSignal);
  assert.match(await readAll(log, packageId), /kept\n$/);
  assert.equal((await Array.fromAsync(blobs.list())).length, 1);
});

test('a log whose store is silent stays text when its worker stops, and is finished later', async (t) => {
  const database = await testDatabase(t);
  const { log, blobs, open, packageId } = await setUpSharedLog(t, database);
  await fail(database, packageId);
  const stopping = new AbortController();
  const writer = open({ blobs: silentBlobs(blobs, () => stopping.abort()) }).open(packageId, 1);
  writer.line('kept');
  await writer.close(stopping.signal);
  assert.match(await readAll(log, packageId), /kept\n$/);
  assert.deepEqual(await Array.fromAsync(blobs.list()), []);
  await log.sweep(noSignal);
  assert.match(await readAll(log, packageId), /kept\n$/);
  assert.equal((await Array.fromAsync(blobs.list())).length, 1);
});
