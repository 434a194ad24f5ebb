import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { DeploymentFailure, type StartOrder, type TargetSettings } from '../../src/deployment/deployment-target.ts';
import { kubernetesTarget } from '../../src/deployment/kubernetes/kubernetes-target.ts';
import type { PackageId } from '../../src/domain/identifiers.ts';
import { NAMESPACE, openKubernetesWorld, QUICK } from '../support/kubernetes/target-world.ts';
import { targetPackage } from '../support/target-package.ts';
import { until } from '../support/until.ts';

const { signal } = new AbortController();
const NO_SETTINGS: TargetSettings = { constants: {}, customSettings: {}, scheduledEvents: {} };

function orderOf(settings: Partial<TargetSettings> = {}): StartOrder {
  return { id: randomUUID(), package: targetPackage(), autoSyncDb: true, settings: { ...NO_SETTINGS, ...settings } };
}

const failing = (words: RegExp) => (error: unknown) => {
  assert.ok(error instanceof DeploymentFailure, String(error));
  assert.match(error.message, words);
  return true;
};

const DAY_MS = 24 * 60 * 60 * 1000;

test('a start is one change of a stopped resource: source, replicas and settings', async (t) => {
  const { api, target, addEnvironment } = await openKubernetesWorld(t);
  const manifest = {
    database: { servicePlan: 'dev' },
    replicas: 0,
    runtime: { dtapMode: 'P', microflowConstants: { 'M.Kept': '1' }, customConfiguration: '{"Kept": 7, "Over": "1"}' },
  };
  const environment = addEnvironment('calc', {}, manifest);
  const order = orderOf({
    constants: { 'M.Set': 'x' },
    customSettings: { Over: '2' },
    scheduledEvents: { 'M.On': true, 'M.Off': false, 'A.On': true },
  });
  await target.start(environment, order, signal);
  const { spec } = api.apps.find(NAMESPACE, 'calc') ?? assert.fail('It is there.');
  const { customConfiguration, ...runtime } = spec.runtime;
  assert.deepEqual(JSON.parse(customConfiguration), { Kept: 7, Over: '2' });
  assert.deepEqual(runtime, {
    dtapMode: 'P',
    microflowConstants: { 'M.Kept': '1', 'M.Set': 'x' },
    scheduledEventExecution: 'SPECIFIED',
    myScheduledEvents: ['A.On', 'M.On'],
  });
  const { database, replicas, sourceURL } = spec;
  assert.deepEqual([database, replicas], [{ servicePlan: 'dev' }, 1]);
  assert.equal(sourceURL, order.package.link(30 * 24 * 60 * 60));
  assert.equal(api.requests.filter(({ method }) => method === 'PATCH').length, 1);
});

test('what Slipway has set and is told to forget is taken back, and the rest stays', async (t) => {
  const { api, target, addEnvironment } = await openKubernetesWorld(t);
  const runtime = { microflowConstants: { 'M.Kept': '1' }, customConfiguration: '{"Kept": 7}' };
  const environment = addEnvironment('calc', {}, { replicas: 0, runtime });
  const set = { constants: { 'M.Set': 'x' }, customSettings: { Set: '2' }, scheduledEvents: { 'M.On': true } };
  const order = orderOf(set);
  await target.start(environment, order, signal);
  await target.stop(environment, signal);
  await target.start(environment, { ...order, settings: NO_SETTINGS }, signal);
  const { spec } = api.apps.find(NAMESPACE, 'calc') ?? assert.fail('It is there.');
  assert.deepEqual(spec.runtime.microflowConstants, { 'M.Kept': '1' });
  assert.deepEqual(JSON.parse(spec.runtime.customConfiguration), { Kept: 7 });
  assert.deepEqual(Object.keys(spec.runtime).sort(), ['customConfiguration', 'microflowConstants']);
});

test('a start in which every event is off runs none, and custom settings that cannot be read stop it', async (t) => {
  const { api, target, addEnvironment } = await openKubernetesWorld(t);
  const environment = addEnvironment('calc', {}, { replicas: 0, runtime: { customConfiguration: 'Kept: 7' } });
  await target.start(environment, orderOf({ scheduledEvents: { 'M.Off': false } }), signal);
  const { spec } = api.apps.find(NAMESPACE, 'calc') ?? assert.fail('It is there.');
  assert.deepEqual(spec.runtime, { customConfiguration: 'Kept: 7', scheduledEventExecution: 'NONE' });
  await target.stop(environment, signal);
  const start = target.start(environment, orderOf({ customSettings: { A: '1' } }), signal);
  await assert.rejects(start, failing(/customConfiguration .* no JSON object: put that right first/));
});

test('a package is built once for as many starts as half of the time of its link lasts', async (t) => {
  let now = Date.UTC(2026, 0, 1);
  const { operator, target, addEnvironment } = await openKubernetesWorld(t, { clock: () => now });
  const environment = addEnvironment('calc', { linkTtl: 864_000 });
  let links = 0;
  const given = targetPackage({ link: (ttl) => `https://slipway.example/${++links}?ttl=${ttl}` });
  const restart = async () => {
    await target.start(environment, { ...orderOf(), package: given }, signal);
    await target.stop(environment, signal);
  };
  await restart();
  now += 4 * DAY_MS;
  await restart();
  assert.deepEqual(operator.builds, ['https://slipway.example/1?ttl=864000']);
  now += 2 * DAY_MS;
  await restart();
  assert.equal(operator.builds[1], `https://slipway.example/${links}?ttl=864000`);
  assert.equal(operator.builds.length, 2);
});

test('a resource whose source others changed gets that of the package again', async (t) => {
  const { api, target, addEnvironment, findRunning } = await openKubernetesWorld(t);
  const environment = addEnvironment('calc');
  const order = orderOf();
  await target.start(environment, order, signal);
  const app = api.apps.find(NAMESPACE, 'calc') ?? assert.fail('It is there.');
  api.apps.change(app, { spec: { ...app.spec, sourceURL: 'https://elsewhere.example/old.mda' } });
  await until('the other runs', () => findRunning('calc') === 'https://elsewhere.example/old.mda');
  await target.start(environment, order, signal);
  assert.match(findRunning('calc') ?? '', new RegExp(order.package.id));
});

test('an app that was stopped comes back with as many replicas as it had', async (t) => {
  const { api, target, addEnvironment } = await openKubernetesWorld(t);
  const environment = addEnvironment('calc', {}, { replicas: 3 });
  const replicas = () => api.apps.find(NAMESPACE, 'calc')?.spec.replicas;
  await target.start(environment, orderOf(), signal);
  assert.equal(replicas(), 3);
  for (const order of [orderOf(), orderOf()]) {
    await target.stop(environment, signal);
    assert.equal(replicas(), 0);
    await target.start(environment, order, signal);
    assert.equal(replicas(), 3);
  }
});

test('a start in place of another package ends when the new one is up, not while the old one is', async (t) => {
  const { target, addEnvironment, findRunning } = await openKubernetesWorld(t);
  const environment = addEnvironment('calc', {}, { replicas: 2 });
  for (const order of [orderOf(), orderOf(), orderOf({ constants: { 'M.C': '1' } })]) {
    await target.start(environment, order, signal);
    assert.match(findRunning('calc') ?? '', new RegExp(order.package.id));
  }
});

test('a start that was cut off in the middle is brought to its end by the next', async (t) => {
  const { api, target, addEnvironment, findRunning } = await openKubernetesWorld(t);
  const environment = addEnvironment('calc', {}, { replicas: 2 });
  await target.start(environment, orderOf(), signal);
  const order = orderOf();
  const cut = new AbortController();
  const seen = api.requests.length;
  const start = target.start(environment, order, cut.signal);
  await until('it is changed', () => api.requests.slice(seen).some(({ method }) => method === 'PATCH'));
  cut.abort(new Error('the server ends'));
  await assert.rejects(start, /the server ends/);
  await target.start(environment, order, signal);
  assert.match(findRunning('calc') ?? '', new RegExp(order.package.id));
  assert.equal(api.apps.find(NAMESPACE, 'calc')?.spec.replicas, 2);
});

test('a transport changes nothing, and finds out what a start would', async (t) => {
  const { api, target, addEnvironment } = await openKubernetesWorld(t);
  const environment = addEnvironment('calc');
  const before = structuredClone(api.apps.find(NAMESPACE, 'calc'));
  await target.transport(environment, targetPackage(), signal);
  assert.deepEqual(api.apps.find(NAMESPACE, 'calc'), before);
  const { method, query } = api.requests.at(-1) ?? assert.fail('It was asked.');
  assert.deepEqual([method, query.dryRun], ['PATCH', 'All']);

  api.unknownFields.push('sourceURL');
  await assert.rejects(target.transport(environment, targetPackage(), signal), failing(/takes no sourceURL/));
  const link = () => {
    throw new DeploymentFailure('SLIPWAY_PUBLIC_URL is not set.');
  };
  await assert.rejects(target.transport(environment, targetPackage({ link }), signal), failing(/PUBLIC_URL/));
});

test('a package that cannot be built fails in the words of the operator, and a better one starts after it', async (t) => {
  const build = async (source: string) => {
    if (source.includes('bad')) throw new Error(`no zip at ${source}`);
  };
  const { target, addEnvironment, findRunning } = await openKubernetesWorld(t, { build });
  const environment = addEnvironment('calc', {}, { replicas: 1 });
  const first = orderOf();
  await target.start(environment, first, signal);
  const impatient = kubernetesTarget({ clock: Date.now, pacing: { ...QUICK, troubleMs: 0 } });
  const bad = targetPackage({ link: () => 'https://slipway.example/bad?signature=s3cret' });
  await assert.rejects(
    impatient.start(environment, { ...orderOf(), package: bad }, signal),
    (error) =>
      failing(
        /operator says buildStatus "Failed: no zip at https:\/\/slipway\.example\/bad", mendixAppState "Error"\./,
      )(error) &&
      error instanceof Error &&
      !error.message.includes('s3cret'),
  );
  await assert.rejects(impatient.stop(environment, signal), failing(/operator says buildStatus/));
  // The words of before are still there when this begins.
  const good = orderOf();
  await target.start(environment, good, signal);
  assert.match(findRunning('calc') ?? '', new RegExp(good.package.id));
});

test('two environments in one namespace have a resource each', async (t) => {
  const { api, target, addEnvironment, findRunning } = await openKubernetesWorld(t);
  const [one, other] = [addEnvironment('calc-test'), addEnvironment('calc-accp')];
  const order = orderOf();
  await Promise.all([one, other].map((environment) => target.start(environment, order, signal)));
  await target.stop(one, signal);
  await target.remove(one, signal);
  assert.equal(findRunning('calc-test'), undefined);
  assert.match(findRunning('calc-accp') ?? '', new RegExp(order.package.id));
  assert.equal(api.apps.find(NAMESPACE, 'calc-test')?.spec.replicas, 0);
});

test('an order says nothing of a package that the resource could have read wrongly', async (t) => {
  const { api, target, addEnvironment } = await openKubernetesWorld(t);
  const environment = addEnvironment('calc', { resource: undefined });
  const given = targetPackage({ id: 'p-1' as PackageId, link: () => 'https://slipway.example/p-1' });
  await target.start(environment, { ...orderOf(), package: given }, signal);
  const { patch } = api.requests.find(({ method }) => method === 'PATCH') ?? assert.fail('It was changed.');
  assert.deepEqual(patch.spec, { sourceURL: 'https://slipway.example/p-1', replicas: 1 });
  assert.deepEqual(Object.keys(patch.metadata).sort(), ['annotations', 'resourceVersion']);
});
