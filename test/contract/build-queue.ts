import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Database } from '../../src/database/database.ts';
import { changeStatus, findAnyPackage } from '../../src/database/packages.ts';
import type { PackageId } from '../../src/domain/identifiers.ts';
import type { BuildQueue } from '../../src/queue/build-queue.ts';
import { addApp, addPackage } from '../support/database.ts';

export interface QueueUnderTest {
  readonly queue: BuildQueue;
  readonly database: Database;
  /** The queue's clock. */
  now(): number;
  /** Moves it on. */
  advance(ms: number): void;
}

/**
 * What every queue promises.
 *
 * @param open a queue whose leases last 30 s, that lets a build wait 2 s for the worker of the one before, that lets two builds of one app run at once, and that forgives a build
 *   two lost workers
 */
export function testBuildQueue(name: string, open: (context: TestContext) => Promise<QueueUnderTest>): void {
  const claimAll = async (queue: BuildQueue): Promise<PackageId[]> => {
    const claimed: PackageId[] = [];
    for (;;) {
      const claim = await queue.claim('worker');
      if (claim === undefined) return claimed;
      claimed.push(claim.packageId);
    }
  };

  test(`${name}: an empty queue gives nothing out`, async (t) => {
    const { queue } = await open(t);
    assert.equal(await queue.claim('worker'), undefined);
  });

  test(`${name}: builds of one app come out in the order they were accepted`, async (t) => {
    const { queue, database } = await open(t);
    const app = await addApp(database, 'calc');
    const first = await addPackage(database, app);
    const second = await addPackage(database, app);
    assert.deepEqual(await claimAll(queue), [first, second]);
  });

  test(`${name}: a claimed build is Building and is given out once`, async (t) => {
    const { queue, database } = await open(t);
    const id = await addPackage(database, await addApp(database, 'calc'));
    const claims = await Promise.all([queue.claim('one'), queue.claim('two'), queue.claim('three')]);
    assert.equal(claims.filter((claim) => claim !== undefined).length, 1);
    assert.equal((await findAnyPackage(database.read, id))?.status, 'Building');
  });

  test(`${name}: an app with a hundred builds does not keep another app's one waiting`, async (t) => {
    const { queue, database } = await open(t);
    const busy = await addApp(database, 'aaa-busy');
    for (let count = 0; count < 100; count += 1) await addPackage(database, busy);
    await queue.claim('worker');
    const single = await addPackage(database, await addApp(database, 'zzz-single'));
    assert.equal((await queue.claim('worker'))?.packageId, single);
  });

  test(`${name}: with one slot, apps take turns`, async (t) => {
    const { queue, database, advance } = await open(t);
    const apps = [await addApp(database, 'one'), await addApp(database, 'two')];
    for (const app of apps) for (let count = 0; count < 3; count += 1) await addPackage(database, app);
    const turns: (string | undefined)[] = [];
    for (let count = 0; count < 4; count += 1) {
      advance(1);
      const claim = await queue.claim('worker');
      assert.ok(claim);
      const row = await findAnyPackage(database.read, claim.packageId);
      turns.push(apps.find(({ id }) => id === row?.app_id)?.app_id);
      await queue.giveBack(claim);
    }
    assert.notEqual(turns[0], turns[1]);
    assert.deepEqual(turns.slice(0, 2), turns.slice(2, 4));
  });

  test(`${name}: no more builds of one app run at once than its limit`, async (t) => {
    const { queue, database } = await open(t);
    const app = await addApp(database, 'calc');
    for (let count = 0; count < 5; count += 1) await addPackage(database, app);
    assert.equal((await claimAll(queue)).length, 2);
  });

  test(`${name}: a build that is given back is queued again and keeps its turn`, async (t) => {
    const { queue, database } = await open(t);
    const app = await addApp(database, 'calc');
    const first = await addPackage(database, app);
    await addPackage(database, app);
    const claim = await queue.claim('worker');
    assert.ok(claim);
    await queue.giveBack(claim);
    assert.equal((await findAnyPackage(database.read, first))?.status, 'Queued');
    assert.deepEqual(await queue.claim('worker').then((again) => [again?.packageId, again?.attempt]), [first, 2]);
  });

  test(`${name}: a build whose lease has run out is queued again, and its worker has lost it`, async (t) => {
    const { queue, database, advance } = await open(t);
    const id = await addPackage(database, await addApp(database, 'calc'));
    const claim = await queue.claim('worker');
    assert.ok(claim);
    advance(20_000);
    assert.equal(await queue.extend(claim), true);
    advance(20_000);
    assert.equal(await queue.recover({ everyLease: false }), 0);
    advance(20_000);
    assert.equal(await queue.recover({ everyLease: false }), 1);
    assert.equal(await queue.extend(claim), false);
    assert.equal((await findAnyPackage(database.read, id))?.status, 'Queued');
  });

  test(`${name}: a lease that is extended late, while lost builds are looked for, is kept`, async (t) => {
    const { queue, database, advance } = await open(t);
    const id = await addPackage(database, await addApp(database, 'calc'));
    const claim = await queue.claim('worker');
    assert.ok(claim);
    // As after the machine has slept: the timers of the worker come all at once.
    advance(3_600_000);
    const beat = [queue.extend(claim), queue.recover({ everyLease: false })];
    assert.deepEqual(await Promise.all(beat), [true, 0]);
    assert.equal((await findAnyPackage(database.read, id))?.status, 'Building');
  });

  test(`${name}: a build that loses every worker ends as Failed with a reason`, async (t) => {
    const { queue, database } = await open(t);
    const id = await addPackage(database, await addApp(database, 'calc'));
    for (let attempt = 1; attempt <= 3; attempt += 1) {
      assert.equal((await queue.claim('worker'))?.attempt, attempt);
      await queue.recover({ everyLease: true });
    }
    const row = await findAnyPackage(database.read, id);
    assert.equal(row?.status, 'Failed');
    assert.equal(row?.failure_code, 'attempts-used-up');
    assert.match(row?.failure_reason ?? '', /3 attempts/);
    assert.equal(await queue.claim('worker'), undefined);
  });

  test(`${name}: a build waits 2 s for the worker that built its app last, which has its repository at hand`, async (t) => {
    const { queue, database, now, advance } = await open(t);
    const app = await addApp(database, 'calc');
    const other = await addApp(database, 'other');
    await addPackage(database, app, { created_at: now() });
    await queue.claim('one');
    const next = await addPackage(database, app, { created_at: now() });
    const fresh = await addPackage(database, other, { created_at: now() });
    assert.equal((await queue.claim('two'))?.packageId, fresh);
    assert.equal(await queue.claim('two'), undefined);
    advance(2000);
    assert.equal((await queue.claim('two'))?.packageId, next);
  });

  test(`${name}: whoever works is told of a build that is queued, and of one that ended, until it stops listening`, async (t) => {
    const { queue, database } = await open(t);
    const app = await addApp(database, 'calc');
    let calls = 0;
    const stop = queue.onWork(() => {
      calls += 1;
    });
    const packageId = await addPackage(database, app);
    assert.equal(calls, 1);
    const claim = await queue.claim('worker');
    assert.equal(calls, 1);
    const building = { packageId, status: 'Building', attempt: claim?.attempt ?? 0 } as const;
    const failure = { failure_code: 'canceled', failure_reason: 'canceled', finished_at: 1 } as const;
    await database.transaction((queries) => changeStatus(queries, building, 'Failed', failure));
    assert.equal(calls, 2);
    stop();
    await addPackage(database, app);
    assert.equal(calls, 2);
  });
}
