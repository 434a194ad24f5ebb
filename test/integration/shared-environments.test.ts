import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { neverStarting } from '../support/deployments.ts';
import { openServer, openSharedPlace, spawnServer } from '../support/shared-environment.ts';
import { until } from '../support/until.ts';
import { addWebhook } from '../support/webhooks.ts';

/** Longer than a test: nothing is to be had by waiting for its end. */
const LONG_MS = 600_000;
const SHORT_MS = 1000;

/** Counts what is asked of a target, and how much of it at once. */
function watchedTarget() {
  const state = { asked: 0, now: 0, most: 0 };
  const pass = async () => {
    state.asked++;
    state.most = Math.max(state.most, ++state.now);
    await new Promise((resolve) => setTimeout(resolve, 2));
    state.now--;
  };
  return { state, target: { transport: pass, start: pass, stop: pass, clean: pass } };
}

/** Two servers, on one of which the environment starts for as long as the test takes. */
async function openStarting(t: TestContext, leaseMs = LONG_MS) {
  const place = await openSharedPlace(t, leaseMs);
  const [{ state, start }, others] = [neverStarting(), watchedTarget()];
  const [a, b] = [await openServer(t, place, { start }), await openServer(t, place, others.target)];
  const { jobId } = await a.start();
  await until('the target starts', () => state.begun === 1);
  return { a, b, state, others: others.state, jobId };
}

test('of all servers, one thing at a time is done to an environment', async (t) => {
  const place = await openSharedPlace(t, LONG_MS);
  const { state, target } = watchedTarget();
  const [a, b] = [await openServer(t, place, target), await openServer(t, place, target)];
  const packages = await Promise.all(Array.from({ length: 6 }, a.addPackage));
  await Promise.all(packages.map((id, index) => [a, b][index % 2]?.transport(id)));
  assert.deepEqual(state, { asked: 6, now: 0, most: 1 });
  assert.ok(packages.includes((await b.environment()).package_id ?? place.packageId));
  const ended = await a.database.read.selectFrom('deployment_jobs').select('state').execute();
  assert.ok(ended.every(({ state }) => state === 'Done'));
  assert.deepEqual(await a.database.read.selectFrom('leases').selectAll().execute(), []);
});

test('a server that ends waits no longer for the turn that another one has', async (t) => {
  const { b, state } = await openStarting(t);
  const waiting = b.transport();
  b.deployments.endCalls();
  await assert.rejects(waiting, { code: 'SHUTTING_DOWN' });
  assert.equal(state.given, 0);
});

test('a stop on one server cuts a start that runs on another', async (t) => {
  const { a, b, state, jobId } = await openStarting(t);
  await b.stop();
  assert.equal(state.given, 1);
  assert.equal(await a.startStatus(jobId), 'START_FAILED');
  assert.equal((await b.environment()).status, 'Stopped');
  assert.deepEqual(a.errors, []);
});

test('a deletion by force on one server cuts a start that runs on another', async (t) => {
  const { a, b, state } = await openStarting(t);
  await b.remove(true);
  assert.equal(state.given, 1);
  await assert.rejects(a.environment(), { code: 'ENVIRONMENT_NOT_FOUND' });
});

test('a start of a server that lives is its own, however long it takes', async (t) => {
  const leaseMs = 2 * SHORT_MS;
  const { b, state, others, jobId } = await openStarting(t, leaseMs);
  const ends = performance.now() + 2 * leaseMs;
  await until('its lease would have ended', async () => {
    await b.deployments.resume();
    return performance.now() > ends;
  });
  assert.deepEqual([state.given, others.asked], [0, 0]);
  assert.equal(await b.startStatus(jobId), 'Starting');
});

test('a server that ends leaves its starts to another one, at once', async (t) => {
  const { a, b, jobId } = await openStarting(t);
  await a.deployments.stop();
  await b.deployments.resume();
  await until('it has started', async () => (await b.startStatus(jobId)) === 'Started');
});

test('a start of a server that was killed is ended by another one, and told of once', async (t) => {
  const place = await openSharedPlace(t, SHORT_MS);
  const { state, target } = watchedTarget();
  const server = await openServer(t, place, target);
  await addWebhook(server.database, server.deps.secretBox, place.app.id, { url: 'https://example.com/' });
  const killed = await spawnServer(t, place, 'start');
  const jobId = await server.findStart();
  await killed.end('SIGKILL');
  await until('it has started', async () => {
    await server.deployments.resume();
    return (await server.startStatus(jobId)) === 'Started';
  });
  assert.equal(state.asked, 1);
  assert.equal((await server.environment()).status, 'Running');
  assert.deepEqual(await server.messages(), [{ event_type: 'environment.deployed' }]);
});

test('a transport of a server that was killed has failed, and its package is free', async (t) => {
  const place = await openSharedPlace(t, SHORT_MS);
  const { state, target } = watchedTarget();
  const server = await openServer(t, place, target);
  const killed = await spawnServer(t, place, 'transport');
  await killed.end('SIGKILL');
  const failed = await until('it has failed', async () => {
    await server.deployments.resume();
    const jobs = server.database.read.selectFrom('deployment_jobs').selectAll();
    return await jobs.where('state', '=', 'Failed').executeTakeFirst();
  });
  assert.deepEqual([failed.error_code, failed.package_id], ['TRANSPORT_FAILED', place.packageId]);
  assert.match(failed.error_message ?? '', /transport it again/);
  await server.transport();
  assert.equal(state.asked, 1);
});

for (const call of ['transport', 'start'] as const) {
  test(`a server that awakens after its ${call} was taken from it changes nothing`, async (t) => {
    const place = await openSharedPlace(t, SHORT_MS);
    const server = await openServer(t, place, {});
    const frozen = await spawnServer(t, place, call);
    process.kill(frozen.pid, 'SIGSTOP');
    const newer = await server.addPackage();
    await server.stop();
    await server.transport(newer);
    frozen.letGo();
    process.kill(frozen.pid, 'SIGCONT');
    await until('it has found out', () => frozen.said().includes('another one may have gone on'));
    await server.deployments.resume();
    const underWay = server.database.read.selectFrom('deployment_jobs').select('id').where('state', '=', 'UnderWay');
    await until('nothing is under way', async () => (await underWay.execute()).length === 0);
    await server.clean();
    const { status, package_id, running_package_id } = await server.environment();
    assert.deepEqual([status, package_id, running_package_id], ['Stopped', newer, null]);
  });
}
