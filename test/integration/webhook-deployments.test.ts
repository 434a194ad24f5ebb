import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { openBuildApiWorld } from '../support/build-api-world.ts';
import { startDeployReceiver, WEBHOOK_SECRET } from '../support/deploy-receiver.ts';
import { environmentCalls, waitForStart } from '../support/environments.ts';
import { openFront } from '../support/front.ts';
import { makeTestRepository } from '../support/git.ts';
import { type Answer, call, startTestServer } from '../support/server.ts';
import { startServerProcess } from '../support/server-process.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';

const MANAGED = '/manage/1/apps/calc/environments';

test('a start that is never reported ends when its time is up, and a report is refused from then on', async (t) => {
  const [front, receiver] = [await openFront(t), await startDeployReceiver(t)];
  const world = await openBuildApiWorld(t, { publicUrl: front.url });
  const TargetOptions = { url: receiver.url, secret: WEBHOOK_SECRET };
  await world.server.call('POST', MANAGED, { Mode: 'Test', Target: 'webhook', TargetOptions });
  const { PackageId } = await world.build();
  front.leadTo(world.server.url);
  assert.equal((await environmentCalls(world.call, 'Test').transport(PackageId)).status, 200);
  await world.server.stop();

  const { dataFolder } = world.server;
  const { url } = await startTestServer(t, { dataFolder, publicUrl: front.url, deployTimeoutMs: 1000 });
  front.leadTo(url);
  const ask = (method: string, path: string, body?: unknown) => call(url, method, path, body, world.richard);
  const environment = environmentCalls(ask, 'Test');
  receiver.next('accept');
  const { JobId } = (await environment.start()).body;
  const ended = await until('the start ends', async () => {
    const answer = await environment.startStatus(JobId);
    return answer.body.Status !== 'Starting' && answer;
  });
  assert.equal(ended.body.errorCode, 'START_FAILED');
  assert.match(ended.body.errorMessage, /longer than 1 s\. Raise SLIPWAY_DEPLOY_TIMEOUT/);
  const order = receiver.orders.at(-1) ?? assert.fail('no order has come');
  assert.equal(await receiver.report(order, { status: 'Started' }), 403);
  assert.equal((await environment.get()).Status, 'Stopped');
});

test('whoever waits for a transport is told that the server ends, and at once', async (t) => {
  const [front, receiver] = [await openFront(t), await startDeployReceiver(t)];
  const world = await openBuildApiWorld(t, { publicUrl: front.url });
  const TargetOptions = { url: receiver.url, secret: WEBHOOK_SECRET };
  await world.server.call('POST', MANAGED, { Mode: 'Test', Target: 'webhook', TargetOptions });
  const { PackageId } = await world.build();
  receiver.next('silence');
  const transport = environmentCalls(world.call, 'Test').transport(PackageId);
  await until('the order has come', () => receiver.orders.length === 1);
  const [answer] = await Promise.all([transport, world.server.stop()]);
  assert.deepEqual([answer.status, answer.body.errorCode], [503, 'SHUTTING_DOWN']);
});

test('a start whose report was awaited when the server was killed is sent again under its id, and ends', async (t) => {
  const folder = await temporaryFolder(t);
  const dataFolder = join(folder, 'data');
  const [front, receiver] = [await openFront(t), await startDeployReceiver(t)];
  const serve = async () => {
    const server = await startServerProcess(dataFolder, {
      SLIPWAY_PUBLIC_URL: front.url,
    });
    t.after(() => server.end('SIGKILL'));
    front.leadTo(server.url);
    const ask = (method: string, path: string, body?: unknown): Promise<Answer> =>
      call(server.url, method, path, body, server.admin);
    return { server, ask, environment: environmentCalls(ask, 'Test') };
  };

  const { server, ask, environment } = await serve();
  const source = await makeTestRepository(join(folder, 'source.git'), { mainBranch: 'main' });
  const [Revision] = await source.commit([{ branch: 'main', files: { 'readme.txt': 'one' } }]);
  await ask('POST', '/manage/1/apps', { AppId: 'calc', Repository: source.path });
  const TargetOptions = { url: receiver.url, secret: WEBHOOK_SECRET };
  await ask('POST', MANAGED, { Mode: 'Test', Target: 'webhook', TargetOptions });
  const { PackageId } = (await ask('POST', '/api/1/apps/calc/packages', { Revision, Version: '1.0.0' })).body;
  await until('the build ends', async () => {
    const { body } = await ask('GET', `/api/1/apps/calc/packages/${PackageId}?wait=10`);
    return body.Status === 'Succeeded';
  });
  const transported = await environment.transport(PackageId);
  assert.equal(transported.status, 200, JSON.stringify(transported.body));
  receiver.next('accept', 'accept');
  const { JobId } = (await environment.start()).body;
  await until('the order has come', () => receiver.orders.length === 2);
  assert.equal(await server.end('SIGKILL'), 'SIGKILL');

  const next = await serve();
  const again = await until('the order has come again', () => receiver.orders[2]);
  assert.deepEqual([again.id, again.type, again.data.orderId], [JobId, 'environment.start', JobId]);
  assert.equal((await next.environment.startStatus(JobId)).body.Status, 'Starting');
  assert.equal(await receiver.report(again, { status: 'Started' }), 200);
  await waitForStart(() => next.environment.startStatus(JobId));
  assert.equal((await next.environment.get()).Status, 'Running');
});
