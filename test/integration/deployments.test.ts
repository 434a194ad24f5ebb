import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { type TestContext, test } from 'node:test';
import type { Database } from '../../src/database/database.ts';
import { deleteJobsEndedBefore, insertJob } from '../../src/database/deployment-jobs.ts';
import { findModeUsing } from '../../src/database/environments.ts';
import type { AppRow } from '../../src/database/schema.ts';
import type { User } from '../../src/database/users.ts';
import { DeploymentFailure, type DeploymentTarget } from '../../src/deployment/deployment-target.ts';
import { parseMode } from '../../src/domain/environment-mode.ts';
import { type PackageId, parseLogin } from '../../src/domain/identifiers.ts';
import { Refusal } from '../../src/domain/refusal.ts';
import { cleanEnvironment } from '../../src/operations/clean-environment.ts';
import { createEnvironment } from '../../src/operations/create-environment.ts';
import { deleteEnvironment } from '../../src/operations/delete-environment.ts';
import { getEnvironment } from '../../src/operations/get-environment.ts';
import { getStartStatus, startEnvironment } from '../../src/operations/start-environment.ts';
import { stopEnvironment } from '../../src/operations/stop-environment.ts';
import { transportPackage } from '../../src/operations/transport-package.ts';
import type { ErrorCode } from '../../src/protocol/error-codes.ts';
import { openBuildApiWorld } from '../support/build-api-world.ts';
import { addApp, addPackage, testDatabase } from '../support/database.ts';
import { neverStarting, openDeployments } from '../support/deployments.ts';
import { environmentCalls, waitForStart } from '../support/environments.ts';
import { call, startTestServer } from '../support/server.ts';
import { inDatabaseOf } from '../support/stores.ts';
import { until } from '../support/until.ts';

const USER: User = { id: 'user-1', login: parseLogin('richard'), name: 'Richard', isAdmin: true };
const MODE = parseMode('Test');
const BUILT = { status: 'Succeeded', blob_key: 'key', sha256: 'abc', finished_at: 1 } as const;

/** An app whose environment `Test` holds a package, and its operations over a target of the test's own. */
async function setUp(t: TestContext, target: Partial<DeploymentTarget>, timeoutMs?: number) {
  const database = await testDatabase(t);
  const app = await addApp(database, 'calc');
  const packageId = await addPackage(database, app, BUILT);
  const [recording, world] = [open(database, app, {}), open(database, app, target, timeoutMs)];
  t.after(() => world.deployments.stop());
  await createEnvironment(recording.deps, { user: USER, app, request: { Mode: 'Test' } });
  await recording.transport(packageId);
  return { ...world, database, app, packageId };
}

function open(database: Database, app: AppRow, target: Partial<DeploymentTarget>, timeoutMs?: number) {
  const deps = openDeployments(database, target, timeoutMs === undefined ? {} : { timeoutMs });
  const { deployments, errors } = deps;
  const args = { user: USER, app, mode: MODE };
  return {
    deployments,
    deps,
    errors,
    transport: (packageId: PackageId) => transportPackage(deps, { ...args, packageId }),
    start: () => startEnvironment(deps, { ...args, autoSyncDb: false }),
    stop: () => stopEnvironment(deps, args),
    clean: () => cleanEnvironment(deps, args),
    remove: (force = false, forceTimeoutMs = 60_000) =>
      deleteEnvironment({ ...deps, forceTimeoutMs }, { ...args, force }),
    startStatus: (jobId: string) => getStartStatus(deps, { app, mode: MODE, jobId }),
    status: async () => (await getEnvironment(database.read, app, MODE)).status,
  };
}

/** Whether a start has ended, well or not. */
const endedBy = (status: Promise<string>): Promise<boolean> =>
  status.then(
    (now) => now !== 'Starting',
    () => true,
  );

/** Rejects once the signal fires. */
const rejected = async (signal: AbortSignal): Promise<void> => {
  await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
  signal.throwIfAborted();
};

const withCode = (code: string, words: RegExp) => (error: unknown) =>
  error instanceof Refusal && error.code === code && words.test(error.message);

test('while an environment starts, no other start begins, and its package is in use', async (t) => {
  const { start: starting } = neverStarting();
  const { start, startStatus, status, remove, clean, packageId, database } = await setUp(t, { start: starting });
  const { jobId } = await start();
  assert.equal(await startStatus(jobId), 'Starting');
  assert.equal(await status(), 'Stopped');
  await assert.rejects(start(), withCode('APP_ALREADY_HAS_A_STARTING_JOB', new RegExp(jobId)));
  assert.equal(await findModeUsing(database.read, packageId), 'Test');
  await assert.rejects(remove(), withCode('ENVIRONMENT_IN_USE', /stop it first/));
  await assert.rejects(clean(), withCode('ENVIRONMENT_NOT_STOPPED', /stop it, and clean it then/));
  assert.equal(await startStatus(jobId), 'Starting');
});

test('a start that is stopped has failed, and the environment starts again afterwards', async (t) => {
  const { state, start: starting } = neverStarting();
  const { start, stop, startStatus, status } = await setUp(t, { start: starting });
  const { jobId } = await start();
  await until('the target starts', () => state.begun === 1);
  await stop();
  assert.equal(state.given, 1);
  await assert.rejects(startStatus(jobId), withCode('START_FAILED', /stopped while it started/));
  assert.equal(await status(), 'Stopped');
  const again = await start();
  assert.equal(await startStatus(again.jobId), 'Starting');
});

test('a start that a stop has ended before its turn is never asked of the target', async (t) => {
  const released = Promise.withResolvers<void>();
  const seen: string[] = [];
  const world = await setUp(t, {
    transport: async () => {
      seen.push('transport');
      await released.promise;
    },
    start: async () => void seen.push('start'),
    stop: async () => void seen.push('stop'),
  });
  const transporting = world.transport(world.packageId);
  await until('the transport has its turn', () => seen.length === 1);
  const stopping = world.stop();
  await world.deps.database.transaction(async () => undefined);
  const { jobId } = await world.start();
  released.resolve();
  await Promise.all([transporting, stopping]);
  await assert.rejects(world.startStatus(jobId), withCode('START_FAILED', /stopped/));
  await world.clean();
  assert.deepEqual(seen, ['transport', 'stop']);
  assert.equal(await world.status(), 'Stopped');
});

test('a start that was cut is stopped again and again until its target did, and so is one that failed', async (t) => {
  const { state, start: starting } = neverStarting();
  const failures = [new DeploymentFailure('not now.')];
  let stopped = 0;
  const world = await setUp(t, {
    start: starting,
    stop: async () => {
      stopped++;
      const failure = failures.shift();
      if (failure !== undefined) throw failure;
    },
  });
  await world.stop();
  assert.equal(stopped, 0);
  await world.start();
  await until('the target starts', () => state.begun === 1);
  await assert.rejects(world.stop(), withCode('STOP_FAILED', /not now/));
  await world.stop();
  assert.equal(stopped, 2);
  assert.equal(await world.status(), 'Stopped');
});

test('a transport that failed has ended with the code that its caller was told, and without foreign words', async (t) => {
  const failures = [new DeploymentFailure('no reason.', { code: 'APP_IS_RUNNING' }), new Error('secret details')];
  const { transport, packageId, database } = await setUp(t, {
    transport: async () => {
      throw failures.shift();
    },
  });
  await assert.rejects(transport(packageId), withCode('APP_IS_RUNNING', /no reason/));
  await assert.rejects(transport(packageId), /secret details/);
  const ended = await database.read.selectFrom('deployment_jobs').selectAll().where('state', '=', 'Failed').execute();
  assert.deepEqual(ended.map(({ error_code }) => error_code).toSorted(), ['APP_IS_RUNNING', 'TRANSPORT_FAILED']);
  assert.ok(ended.every(({ error_message }) => !error_message?.includes('secret')));
});

test('an environment whose target fails for good is deleted by force alone, also one that runs or starts', async (t) => {
  const fail = async () => {
    throw new DeploymentFailure('it is gone for good.');
  };
  const { state, start: starting } = neverStarting();
  const world = await setUp(t, { start: starting, stop: fail, remove: fail });
  await assert.rejects(world.remove(), withCode('ENVIRONMENT_DELETE_FAILED', /gone for good/));
  await world.start();
  await until('the target starts', () => state.begun === 1);
  await assert.rejects(world.remove(), withCode('ENVIRONMENT_IN_USE', /stop it first/));
  await world.remove(true);
  await assert.rejects(world.status(), withCode('ENVIRONMENT_NOT_FOUND', /./));
  assert.equal(await findModeUsing(world.database.read, world.packageId), undefined);
  const last = await world.database.read.selectFrom('audit').selectAll().orderBy('id', 'desc').executeTakeFirst();
  assert.equal(last?.action, 'environment.delete');
  assert.match(last.detail, /^Test, by force\. The environment could not be deleted: it is gone for good\.$/);
});

test('a target that does not answer is not waited for long when its environment is deleted by force', async (t) => {
  const world = await setUp(t, { stop: (_environment, signal) => rejected(signal) });
  await world.remove(true, 20);
  const last = await world.database.read.selectFrom('audit').selectAll().orderBy('id', 'desc').executeTakeFirst();
  assert.equal(last?.detail, 'Test, by force. Its target took longer than 0.02 s.');
});

test('an environment that runs is stopped and forgotten by force', async (t) => {
  const seen: string[] = [];
  const world = await setUp(t, {
    stop: async () => void seen.push('stop'),
    remove: async () => void seen.push('remove'),
  });
  const { jobId } = await world.start();
  await until('it has started', async () => (await world.startStatus(jobId)) === 'Started');
  await world.remove(true);
  assert.deepEqual(seen, ['stop', 'remove']);
});

test('a start begins once the database can be read again', async (t) => {
  const { database, app } = await setUp(t, {});
  const state = { isReadable: true };
  const failing: Database = {
    ...database,
    get read() {
      if (state.isReadable) return database.read;
      throw new Error('disk I/O error');
    },
    async transaction(work, durability) {
      const result = await database.transaction(work, durability);
      state.isReadable = false;
      return result;
    },
  };
  const deps = openDeployments(failing, {});
  t.after(() => deps.deployments.stop());
  const { jobId } = await startEnvironment(deps, { user: USER, app, mode: MODE, autoSyncDb: false });
  await until('it was tried twice', () => deps.errors.length > 1);
  const status = () => getStartStatus({ database }, { app, mode: MODE, jobId });
  assert.equal(await status(), 'Starting');
  state.isReadable = true;
  await until('it has started', async () => (await status()) === 'Started');
});

test('what may have started after its start took too long can be stopped', async (t) => {
  const asked: string[] = [];
  const stop = async () => void asked.push('stop');
  const world = await setUp(t, { start: neverStarting().start, stop }, 20);
  const { jobId } = await world.start();
  await until('the start ends', () => endedBy(world.startStatus(jobId)));
  await world.stop();
  assert.deepEqual(asked, ['stop']);
});

test('a start that fails says why, and an unexpected error is told to whoever runs the server', async (t) => {
  const failures = [new DeploymentFailure('the port is taken.'), new Error('secret details')];
  const { start, startStatus, status, errors } = await setUp(t, {
    start: async () => {
      throw failures.shift();
    },
  });
  const ended = async (jobId: string) =>
    await until('the start ends', () =>
      startStatus(jobId).then(
        (now) => now === 'Started' && now,
        (error: unknown) => error,
      ),
    );
  const expected = (await ended((await start()).jobId)) as unknown;
  assert.ok(withCode('START_FAILED', /^Cannot start app: the port is taken\.$/)(expected));
  assert.deepEqual(errors, []);
  const unexpected = (await ended((await start()).jobId)) as unknown;
  assert.ok(withCode('START_FAILED', /^(?!.*secret)/)(unexpected));
  await until('it is told', () => errors.length === 1);
  assert.equal(await status(), 'Stopped');
});

test('a target may name the documented code of what it could not do', async (t) => {
  const fail = (code: ErrorCode) => async () => {
    throw new DeploymentFailure('no reason.', { code });
  };
  const { start, startStatus, transport, packageId } = await setUp(t, {
    transport: fail('INVALID_RUNTIME_VERSION'),
    start: fail('DB_SYNC_FAILED'),
  });
  await assert.rejects(transport(packageId), withCode('INVALID_RUNTIME_VERSION', /: no reason\.$/));
  const { jobId } = await start();
  await until('the start ends', () => endedBy(startStatus(jobId)));
  await assert.rejects(startStatus(jobId), withCode('DB_SYNC_FAILED', /^Cannot start app: no reason\.$/));
});

test('a call of a target that takes too long is cut off, and its job ends', async (t) => {
  const { state, start: starting } = neverStarting();
  const { start, startStatus, transport, packageId } = await setUp(
    t,
    { start: starting, transport: (_environment, _package, signal) => rejected(signal) },
    20,
  );
  await assert.rejects(
    transport(packageId),
    withCode('TRANSPORT_FAILED', /took longer than 0 s.*SLIPWAY_DEPLOY_TIMEOUT/),
  );
  const { jobId } = await start();
  await until('the start ends', () => endedBy(startStatus(jobId)));
  await assert.rejects(startStatus(jobId), withCode('START_FAILED', /took longer/));
  assert.equal(state.given, 1);
});

test('what else a target cannot do has its own code, and changes nothing', async (t) => {
  const fail = async () => {
    throw new DeploymentFailure('no reason.');
  };
  const world = await setUp(t, { transport: fail, stop: fail, clean: fail });
  const other = await addPackage(world.database, world.app, BUILT);
  await assert.rejects(world.transport(other), withCode('TRANSPORT_FAILED', /: no reason\.$/));
  assert.equal(await findModeUsing(world.database.read, other), undefined);
  await assert.rejects(world.clean(), withCode('ENVIRONMENT_CLEAN_FAILED', /: no reason\.$/));
  const { jobId } = await world.start();
  await until('it has started', async () => (await world.startStatus(jobId)) === 'Started');
  await assert.rejects(world.stop(), withCode('STOP_FAILED', /: no reason\.$/));
  assert.equal(await world.status(), 'Running');
});

test('a start that the server did not end is begun again by the next one', async (t) => {
  const { state, start: starting } = neverStarting();
  const { start, startStatus, deployments, database, app } = await setUp(t, { start: starting });
  const { jobId } = await start();
  await until('the target starts', () => state.begun === 1);
  await deployments.stop();
  assert.equal(await startStatus(jobId), 'Starting');
  const next = open(database, app, {});
  await next.deployments.resume();
  await until('it has started', async () => (await next.startStatus(jobId)) === 'Started');
  assert.equal(await next.status(), 'Running');
});

test('jobs of long ago are forgotten, but for the start that an environment runs by', async (t) => {
  const { start, stop, startStatus, database, packageId } = await setUp(t, {});
  const started: string[] = [];
  for (let round = 0; round < 2; round++) {
    const { jobId } = await start();
    started.push(jobId);
    await until('it has started', async () => (await startStatus(jobId)) === 'Started');
    const now = Date.now();
    await until('the next one ends later', () => Date.now() > now);
    if (round === 0) await stop();
  }
  const [former = '', last = ''] = started;
  await database.transaction((queries) => deleteJobsEndedBefore(queries, Date.now() + 1000));
  await assert.rejects(startStatus(former), withCode('NO_SUCH_STARTJOB', /./));
  assert.equal(await startStatus(last), 'Started');
  assert.deepEqual(await start(), { jobId: last, alreadyStarted: true });
  assert.equal(await findModeUsing(database.read, packageId), 'Test');
});

test('a server ends the jobs of the one before: starts have started, transports have failed', async (t) => {
  const world = await openBuildApiWorld(t);
  const { server } = world;
  await server.call('POST', '/manage/1/apps/calc/environments', { Mode: 'Test' });
  const [held, cut] = [await world.build(), await world.build()];
  await environmentCalls(world.call, 'Test').transport(held.PackageId);
  const { EnvironmentId } = await environmentCalls(world.call, 'Test').get();
  await server.stop();

  const job = { environment_id: EnvironmentId, auto_sync_db: 1, created_at: Date.now() };
  const start = randomUUID();
  await inDatabaseOf(server.dataFolder, (database) =>
    database.transaction(async (queries) => {
      await insertJob(queries, { ...job, id: start, kind: 'start', package_id: held.PackageId });
      await insertJob(queries, { ...job, id: randomUUID(), kind: 'transport', package_id: cut.PackageId });
    }),
  );

  const { url } = await startTestServer(t, { dataFolder: server.dataFolder });
  const ask = async (method: string, path: string) => await call(url, method, path, undefined, world.richard);
  const { startStatus, get } = environmentCalls(ask, 'Test');
  await waitForStart(() => startStatus(start));
  const { Status, ModelVersion } = await get();
  assert.deepEqual([Status, ModelVersion], ['Running', held.Version]);
  assert.equal((await ask('DELETE', `/api/1/apps/calc/packages/${cut.PackageId}`)).status, 200);
  assert.equal((await ask('DELETE', `/api/1/apps/calc/packages/${held.PackageId}`)).status, 409);
});
