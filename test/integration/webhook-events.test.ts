import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { EventType } from '../../src/protocol/webhook-events.ts';
import { openBuildApiWorld } from '../support/build-api-world.ts';
import { startDeployReceiver, WEBHOOK_SECRET } from '../support/deploy-receiver.ts';
import { environmentCalls } from '../support/environments.ts';
import { openFront } from '../support/front.ts';
import { makeMendixPackage } from '../support/make-zip.ts';
import { embeddedOnly } from '../support/shape.ts';
import { until } from '../support/until.ts';
import { startWebhookReceiver } from '../support/webhook-receiver.ts';
import { addWebhookTo, type NewWebhook } from '../support/webhooks.ts';

const PACKAGES = '/api/1/apps/calc/packages';
const TRANSPORT_FAILED = 'The package could not be brought to the environment';
const TIME = /^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

/** A whole server, and who is told of all that happens to its app. */
async function openWorld(t: TestContext, given: Partial<NewWebhook> = {}) {
  const front = await openFront(t);
  const world = await openBuildApiWorld(t, { webhookNetworks: ['127.0.0.1'], publicUrl: front.url });
  front.leadTo(world.server.url);
  const receiver = await startWebhookReceiver(t);
  await addWebhookTo(world.server.dataFolder, 'calc', { url: receiver.url, ...given });
  const untilTold = async (...types: readonly EventType[]) => {
    await until(`${types.join(', ')} have come`, () => receiver.messages.length >= types.length);
    const messages = receiver.messages.slice(0, types.length);
    assert.deepEqual(
      messages.map(({ payload }) => payload.eventType),
      types,
    );
    return messages.map(({ payload: { time, ...payload } }) => {
      assert.match(time, TIME);
      return payload;
    });
  };
  return { ...world, receiver, untilTold };
}

test('a build is told of in the order of what happens, with what was built', async (t) => {
  const { build, revisions, projectId, untilTold, richard } = await openWorld(t);
  const { PackageId } = await build({ Branch: 'branches/feature', Revision: revisions[2] });
  const told = await untilTold('build.queued', 'build.started', 'build.succeeded', 'package.uploaded');
  const modelVersion = `2.5.4.${revisions[2].slice(0, 8)}`;
  const common = {
    ...{ appId: 'calc', projectId, packageId: PackageId, name: `feature-${modelVersion}.mda`, modelVersion },
    ...{ runtimeVersion: null, branchName: 'feature', revision: revisions[2] },
  };
  assert.match(told[3]?.uploadTime, TIME);
  assert.deepEqual(told, [
    { eventType: 'build.queued', ...common, status: 'Queued' },
    { eventType: 'build.started', ...common, status: 'Building' },
    { eventType: 'build.succeeded', ...common, status: 'Succeeded' },
    {
      ...{ eventType: 'package.uploaded', ...common, status: 'Succeeded' },
      ...{ uploadTime: told[3]?.uploadTime, uploaderId: richard.username },
    },
  ]);
});

test('a build that failed says why, and a deleted package is told of', async (t) => {
  const { build, call, repository, untilTold } = await openWorld(t);
  const [Revision] = await repository.commit([{ branch: 'main', files: { 'slipway.yml': 'nonsense: 1\n' } }]);
  const { PackageId } = await build({ Revision });
  const [, , failed] = await untilTold('build.queued', 'build.started', 'build.failed');
  const { packageId, status, failureCode, reason } = failed ?? {};
  assert.deepEqual([packageId, status, failureCode], [PackageId, 'Failed', 'build-file']);
  assert.match(reason, /slipway\.yml/);
  await call('DELETE', `${PACKAGES}/${PackageId}`);
  const told = await untilTold('build.queued', 'build.started', 'build.failed', 'package.deleted');
  assert.deepEqual([told[3]?.packageId, told[3]?.name], [PackageId, failed?.name]);
});

test('a canceled build has failed, whether it had begun or not', async (t) => {
  const { startBuild, server, untilTold } = await openWorld(t, { eventTypes: ['build.failed'] });
  const id = await startBuild();
  const { status } = await server.call('POST', `${PACKAGES}/${id}/cancel`);
  // It may have been quicker: then there is nothing to tell.
  if (status !== 200) return;
  const [told] = await untilTold('build.failed');
  assert.deepEqual([told?.packageId, told?.failureCode], [id, 'canceled']);
});

test('an upload is told of as a package, and not as a build', async (t) => {
  const { server, projectId, richard, untilTold, receiver } = await openWorld(t);
  const headers = { 'Mendix-Username': richard.username, 'Mendix-ApiKey': richard.apiKey };
  const send = async (body: Buffer) => {
    const url = `${server.url}${PACKAGES}/upload?name=mine.mda`;
    return await (await fetch(url, { method: 'POST', headers, body: new Uint8Array(body) })).json();
  };
  await send(Buffer.from('not a package'));
  await send(await makeMendixPackage({ RuntimeVersion: '10.6.3.1234', ModelVersion: '2.5.4.17', Constants: [] }));
  const [told] = await untilTold('package.uploaded');
  assert.match(told?.uploadTime, TIME);
  assert.match(told?.packageId, /^[0-9a-f-]{36}$/);
  assert.deepEqual(told, {
    ...{ eventType: 'package.uploaded', appId: 'calc', projectId, packageId: told?.packageId, name: 'mine.mda' },
    ...{ modelVersion: '2.5.4.17', runtimeVersion: '10.6.3.1234', status: 'Succeeded' },
    ...{ uploadTime: told?.uploadTime, uploaderId: richard.username },
  });
  assert.equal(receiver.messages.length, 1);
});

test('an environment that runs a package, or failed to, is told of', async (t) => {
  const eventTypes: EventType[] = ['environment.deployed', 'environment.failed'];
  const { server, build, projectId, untilTold, revisions } = await openWorld(t, { eventTypes });
  const system = await startDeployReceiver(t);
  const TargetOptions = { url: system.url, secret: WEBHOOK_SECRET };
  const managed = '/manage/1/apps/calc/environments';
  const made = await server.call('POST', managed, {
    ...{ Mode: 'Test', Url: 'https://test.example.com', Target: 'webhook', TargetOptions },
  });
  const environmentId = made.body.EnvironmentId;
  const { transport, start, run } = environmentCalls((...args) => server.call(...args), 'Test');
  const { PackageId, Name, Version } = await build();
  const refusal = { errorCode: 'INVALID_RUNTIME_VERSION', errorMessage: 'Not this one.' };
  system.next({ status: 400, body: JSON.stringify(refusal) });
  await transport(PackageId);
  await transport(PackageId);
  system.next({ status: 400, body: JSON.stringify({ errorCode: 'DB_SYNC_FAILED', errorMessage: 'No room.' }) });
  await start();
  await untilTold('environment.failed', 'environment.failed');
  await run();
  const told = await untilTold('environment.failed', 'environment.failed', 'environment.deployed');
  const common = {
    ...{ appId: 'calc', projectId, environmentId, environment: 'Test', url: 'https://test.example.com' },
    ...{ packageId: PackageId, name: Name, modelVersion: Version, runtimeVersion: null, status: 'Succeeded' },
    ...{ branchName: 'main', revision: revisions[1] },
  };
  assert.deepEqual(told, [
    {
      ...{ eventType: 'environment.failed', ...common },
      ...{ failureCode: 'INVALID_RUNTIME_VERSION', reason: `${TRANSPORT_FAILED}: Not this one.` },
    },
    { eventType: 'environment.failed', ...common, failureCode: 'DB_SYNC_FAILED', reason: 'Cannot start app: No room.' },
    { eventType: 'environment.deployed', ...common },
  ]);
});

test('a start that is cut off because its environment is stopped or deleted is told of as failed', async (t) => {
  const { server, build, untilTold } = await openWorld(t, {
    eventTypes: ['environment.deployed', 'environment.failed'],
  });
  const system = await startDeployReceiver(t);
  const TargetOptions = { url: system.url, secret: WEBHOOK_SECRET };
  const managed = '/manage/1/apps/calc/environments';
  await server.call('POST', managed, { Mode: 'Test', Url: 'https://t.example.com', Target: 'webhook', TargetOptions });
  const { transport, start, stop } = environmentCalls((...args) => server.call(...args), 'Test');
  const { PackageId } = await build();
  await transport(PackageId);
  for (const [cut, count] of [
    [stop, 1],
    [() => server.call('DELETE', `${managed}/Test?force=true`), 2],
  ] as const) {
    system.next('accept');
    const before = system.orders.length;
    await start();
    await until('it is being started', () => system.orders.length > before);
    assert.equal((await cut()).status, 200);
    const told = await untilTold(...Array.from({ length: count }, () => 'environment.failed' as const));
    assert.deepEqual([told.at(-1).failureCode, told.at(-1).packageId], ['START_FAILED', PackageId]);
  }
});

test('a webhook is told of nothing else than what it asks for, nor of other apps', async (t) => {
  const { build, server, repository, untilTold, receiver } = await openWorld(t, { eventTypes: ['build.succeeded'] });
  await server.call('POST', '/manage/1/apps', { AppId: 'other', Repository: repository.path });
  const [Revision] = await repository.commit([{ branch: 'main', files: { x: 'y' } }]);
  await server.call('POST', '/api/1/apps/other/packages', { Revision, Version: '1.0.0' });
  await build();
  await build();
  const told = await untilTold('build.succeeded', 'build.succeeded');
  assert.deepEqual(new Set(told.map(({ appId }) => appId)), new Set(['calc']));
  assert.equal(receiver.messages.length, 2);
});

test('the metrics count deliveries and what waits', {
  skip: embeddedOnly('each server counts what it has done itself'),
}, async (t) => {
  const { build, server, untilTold, receiver } = await openWorld(t, { eventTypes: ['build.queued'] });
  receiver.next({ status: 500 });
  await build();
  await untilTold('build.queued');
  const text = await until('the attempt is counted', async () => {
    const answer = await (await fetch(`${server.url}/metrics`)).text();
    return answer.includes('slipway_webhook_delivery_duration_seconds_count{outcome="postponed"} 1') && answer;
  });
  assert.match(text, /^slipway_webhook_messages_pending 1$/m);
});
