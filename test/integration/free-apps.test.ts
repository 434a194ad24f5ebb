import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { markAppDeleted } from '../../src/database/apps.ts';
import { findNextDueAt } from '../../src/database/outbox.ts';
import { DeploymentFailure, type DeploymentTarget } from '../../src/deployment/deployment-target.ts';
import { SANDBOX } from '../../src/domain/environment-mode.ts';
import type { PackageId } from '../../src/domain/identifiers.ts';
import { createEnvironment } from '../../src/operations/create-environment.ts';
import { deleteEnvironment } from '../../src/operations/delete-environment.ts';
import { getStartStatus, startEnvironment } from '../../src/operations/start-environment.ts';
import { stopEnvironment } from '../../src/operations/stop-environment.ts';
import { openFreeApp, startServer, USER } from '../support/free-app.ts';
import { until } from '../support/until.ts';

/** A target that says what was asked of it, and does each of it when the test lets it: at once, unless it is held. */
function watchedTarget() {
  const asked: string[] = [];
  const held = new Map<string, PromiseWithResolvers<void>>();
  const ask = async (what: string, signal: AbortSignal) => {
    asked.push(what);
    const ended = Promise.withResolvers<void>();
    signal.addEventListener('abort', () => ended.reject(signal.reason), { once: true });
    held.get(what)?.promise.then(ended.resolve, ended.reject);
    if (!held.has(what)) ended.resolve();
    await ended.promise;
  };
  const target: Partial<DeploymentTarget> = {
    transport: (_environment, { version }, signal) => ask(`transport ${version}`, signal),
    start: (_environment, { package: { version } }, signal) => ask(`start ${version}`, signal),
    stop: (_environment, signal) => ask('stop', signal),
  };
  return {
    target,
    asked,
    hold: (what: string) => void held.set(what, Promise.withResolvers()),
    release: (what: string) => held.get(what)?.resolve(),
    /** Makes it fail, each time, until it is released. */
    fail(what: string, reason: string, options: { readonly nothingRuns?: boolean } = {}) {
      const failing = Promise.withResolvers<void>();
      failing.promise.catch(() => undefined);
      failing.reject(new DeploymentFailure(reason, options));
      held.set(what, failing);
    },
    mend: (what: string) => void held.delete(what),
    untilAsked: (what: string) => until(`the target is asked to ${what}`, () => asked.includes(what)),
  };
}

async function setUp(t: TestContext, timeoutMs?: number) {
  const watched = watchedTarget();
  return { ...watched, ...(await openFreeApp(t, watched.target, timeoutMs)) };
}

const running = (id: PackageId) => ({ status: 'Running', holds: id, runs: id });

test('builds that end in another order than they were accepted never go over a newer one', async (t) => {
  const { accept, succeed, untilDeploy, sandbox, asked } = await setUp(t);
  const [a, b, c] = [await accept('1.0.0.1'), await accept('1.0.0.2'), await accept('1.0.0.3')];
  await succeed(c);
  await untilDeploy(c, /^Done: null/);
  await succeed(a);
  await succeed(b);
  for (const id of [a, b]) await untilDeploy(id, /^Skipped: The package 1\.0\.0\.[23] was accepted later\.$/);
  assert.deepEqual(asked, ['transport 1.0.0.3', 'start 1.0.0.3']);
  assert.deepEqual(await sandbox(), running(c));
});

test('a newer package waits for the start of an older one, goes over it, and passes those between by', async (t) => {
  const { accept, succeed, untilDeploy, sandbox, asked, hold, release, untilAsked } = await setUp(t);
  const [a, b, c] = [await accept('1.0.0.1'), await accept('1.0.0.2'), await accept('1.0.0.3')];
  hold('start 1.0.0.1');
  await succeed(a);
  await untilAsked('start 1.0.0.1');
  await succeed(b);
  await succeed(c);
  release('start 1.0.0.1');
  await untilDeploy(c, /^Done/);
  await untilDeploy(a, /^Done/);
  await untilDeploy(b, /^Skipped/);
  assert.deepEqual(asked, ['transport 1.0.0.1', 'start 1.0.0.1', 'transport 1.0.0.3', 'start 1.0.0.3']);
  assert.deepEqual(await sandbox(), running(c));
});

test('a start that fails is tried again later, with the package that is there already', async (t) => {
  const { accept, succeed, untilDeploy, sandbox, asked, fail, mend, wake, time, database } = await setUp(t);
  const a = await accept('1.0.0.1');
  fail('start 1.0.0.1', 'the port is taken.');
  await succeed(a);
  await untilDeploy(a, /^Pending: Tried again soon: Cannot start app: the port is taken\.$/);
  assert.deepEqual(await sandbox(), { status: 'Stopped', holds: a, runs: null });
  mend('start 1.0.0.1');
  time.now = (await findNextDueAt(database.read, 'deploy')) ?? 0;
  wake();
  await untilDeploy(a, /^Done/);
  assert.deepEqual(asked, ['transport 1.0.0.1', 'start 1.0.0.1', 'start 1.0.0.1']);
});

test('a start that fails and takes what ran before with it leaves the environment stopped', async (t) => {
  const { accept, succeed, untilDeploy, sandbox, fail } = await setUp(t);
  const [a, b] = [await accept('1.0.0.1'), await accept('1.0.0.2')];
  await succeed(a);
  await untilDeploy(a, /^Done/);
  fail('start 1.0.0.2', 'nor does the one before.', { nothingRuns: true });
  await succeed(b);
  await untilDeploy(b, /^Pending: Tried again/);
  assert.deepEqual(await sandbox(), { status: 'Stopped', holds: b, runs: null });
});

test('a package whose deployment fails for a day is given up, and what runs goes on', async (t) => {
  const { accept, succeed, untilDeploy, sandbox, fail, wake, time, database, asked } = await setUp(t);
  const [a, b] = [await accept('1.0.0.1'), await accept('1.0.0.2')];
  await succeed(a);
  await untilDeploy(a, /^Done/);
  fail('transport 1.0.0.2', 'no room.');
  await succeed(b);
  const since = time.now;
  for (let attempts = 1; ; attempts++) {
    const count = attempts;
    await until('it is tried', () => asked.filter((what) => what === 'transport 1.0.0.2').length === count);
    const next = await until('it is put off or given up', async () => {
      const dueAt = await findNextDueAt(database.read, 'deploy');
      return (dueAt ?? Number.POSITIVE_INFINITY) > time.now && { dueAt };
    });
    if (next.dueAt === undefined) break;
    await untilDeploy(b, /^Pending: Tried again soon: .*no room\.$/);
    time.now = next.dueAt;
    wake();
  }
  await untilDeploy(b, /^Failed: Given up: .*no room\.$/);
  assert.ok(time.now - since > 12 * 60 * 60 * 1000);
  assert.deepEqual(await sandbox(), running(a));
});

test('a newer package takes the place of one that is being tried again', async (t) => {
  const { accept, succeed, untilDeploy, sandbox, fail, asked } = await setUp(t);
  const [a, b] = [await accept('1.0.0.1'), await accept('1.0.0.2')];
  fail('transport 1.0.0.1', 'no.');
  await succeed(a);
  await untilDeploy(a, /^Pending: Tried again/);
  await succeed(b);
  await untilDeploy(b, /^Done/);
  await untilDeploy(a, /^Skipped/);
  assert.deepEqual(asked, ['transport 1.0.0.1', 'transport 1.0.0.2', 'start 1.0.0.2']);
  assert.deepEqual(await sandbox(), running(b));
});

test('a package that is going there is in use, until a newer one is', async (t) => {
  const { accept, succeed, untilDeploy, remove, hold, release, fail, untilAsked } = await setUp(t);
  const [a, b] = [await accept('1.0.0.1'), await accept('1.0.0.2')];
  const isInUse = (id: PackageId) => assert.rejects(remove(id), { name: 'Refusal', code: 'PACKAGE_IN_USE' });
  fail('transport 1.0.0.1', 'no.');
  await succeed(a);
  await untilDeploy(a, /^Pending: Tried again/);
  await isInUse(a);
  hold('start 1.0.0.2');
  await succeed(b);
  await untilAsked('start 1.0.0.2');
  await remove(a);
  await isInUse(b);
  release('start 1.0.0.2');
  await untilDeploy(b, /^Done/);
  await isInUse(b);
});

test('the deployments of an app that is deleted meanwhile end with it', async (t) => {
  const { accept, succeed, hold, release, untilAsked, wake, asked, errors, app, database, time } = await setUp(t);
  hold('transport 1.0.0.1');
  await succeed(await accept('1.0.0.1'));
  await untilAsked('transport 1.0.0.1');
  await database.transaction((queries) => markAppDeleted(queries, app.id, time.now));
  release('transport 1.0.0.1');
  await until('nothing is to be deployed', async () => {
    const dueAt = await findNextDueAt(database.read, 'deploy');
    if (dueAt !== undefined && dueAt > time.now) {
      time.now = dueAt;
      wake();
    }
    return dueAt === undefined;
  });
  assert.deepEqual(asked, ['transport 1.0.0.1']);
  assert.deepEqual(errors, []);
});

test('a target that hangs is cut off, and keeps no newer package waiting', async (t) => {
  const { accept, succeed, untilDeploy, sandbox, hold } = await setUp(t, 50);
  const [a, b] = [await accept('1.0.0.1'), await accept('1.0.0.2')];
  hold('transport 1.0.0.1');
  await succeed(a);
  await untilDeploy(a, /took longer than/);
  await succeed(b);
  await untilDeploy(b, /^Done/);
  assert.deepEqual(await sandbox(), running(b));
});

test('an error that no target foresees is told to whoever runs the server', async (t) => {
  const { accept, succeed, untilDeploy, errors } = await openFreeApp(t, {
    transport: () => Promise.reject(new Error('secret details')),
  });
  const a = await accept('1.0.0.1');
  await succeed(a);
  await untilDeploy(a, /^Pending: Tried again soon: (?!.*secret)/);
  assert.match(String(errors[0]), /secret details/);
});

for (const what of ['transport', 'start']) {
  test(`a server that ends during a ${what} leaves it to the next one, which ends it`, async (t) => {
    const { hold, untilAsked, target, ...world } = await setUp(t);
    const { accept, succeed, stop, database, time } = world;
    const [old, next] = [await accept('1.0.0.1'), await accept('1.0.0.2')];
    await succeed(old);
    await world.untilDeploy(old, /^Done/);
    hold(`${what} 1.0.0.2`);
    await succeed(next);
    await untilAsked(`${what} 1.0.0.2`);
    await stop();
    assert.equal((await world.sandbox()).runs, old);
    time.now += 60_000;

    const watched = watchedTarget();
    const after = startServer(t, world, watched.target);
    await after.deployments.resume();
    after.wake();
    await after.untilDeploy(next, /^Done/);
    assert.deepEqual(await after.sandbox(), running(next));
    const starts = watched.asked.filter((asked) => asked.startsWith('start'));
    assert.deepEqual(starts, ['start 1.0.0.2']);
    assert.equal(await findNextDueAt(database.read, 'deploy'), undefined);
    assert.deepEqual(after.errors, []);
  });
}

test('who stops it while it starts has stopped it: the package is not started again', async (t) => {
  const { accept, succeed, untilDeploy, sandbox, hold, untilAsked, deps, app, database } = await setUp(t);
  const a = await accept('1.0.0.1');
  hold('start 1.0.0.1');
  await succeed(a);
  await untilAsked('start 1.0.0.1');
  await stopEnvironment(deps, { user: USER, app, mode: SANDBOX });
  await untilDeploy(a, /^Failed: It was stopped while it started\.$/);
  assert.deepEqual(await sandbox(), { status: 'Stopped', holds: a, runs: null });
  assert.equal(await findNextDueAt(database.read, 'deploy'), undefined);
});

test('an environment that comes while a package is found to have none is given it', async (t) => {
  const world = await setUp(t);
  const { accept, succeed, untilDeploy, sandbox, deps, app, time, wake } = world;
  const [a, place] = [await accept('1.0.0.1'), { user: USER, app, mode: SANDBOX }];
  await deleteEnvironment(deps, { ...place, force: false });
  const [looked, looksOn] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  world.outcomes.hold = async () => {
    looked.resolve();
    await looksOn.promise;
  };
  await succeed(a);
  await looked.promise;
  await createEnvironment({ ...deps, clock: () => time.now }, { user: USER, app, request: { Mode: 'Sandbox' } });
  looksOn.resolve();
  wake();
  await untilDeploy(a, /^Done/);
  assert.deepEqual(await sandbox(), running(a));
});

test('a start that waits while a newer package arrives starts that one', async (t) => {
  const { accept, succeed, untilDeploy, sandbox, hold, release, untilAsked, untilIdle, asked, deps, app } =
    await setUp(t);
  const [a, b] = [await accept('1.0.0.1'), await accept('1.0.0.2')];
  const place = { user: USER, app, mode: SANDBOX };
  await succeed(a);
  await untilDeploy(a, /^Done/);
  await stopEnvironment(deps, place);
  hold('transport 1.0.0.2');
  await succeed(b);
  await untilAsked('transport 1.0.0.2');
  const { jobId } = await startEnvironment(deps, { ...place, autoSyncDb: true });
  release('transport 1.0.0.2');
  await untilDeploy(b, /^Done/);
  assert.equal(await getStartStatus(deps, { ...place, jobId }), 'Started');
  assert.deepEqual(await sandbox(), running(b));
  await untilIdle();
  assert.deepEqual(asked.slice(2), ['stop', 'transport 1.0.0.2', 'start 1.0.0.2']);
});
