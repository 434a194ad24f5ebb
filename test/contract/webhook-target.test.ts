import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { type TestContext, test } from 'node:test';
import { DeploymentFailure, type TargetEnvironment } from '../../src/deployment/deployment-target.ts';
import { DeploymentReports } from '../../src/deployment/webhook/deployment-reports.ts';
import { webhookTarget } from '../../src/deployment/webhook/webhook-target.ts';
import type { AppId } from '../../src/domain/identifiers.ts';
import type { ErrorCode } from '../../src/protocol/error-codes.ts';
import { testDatabase } from '../support/database.ts';
import { type Behaviour, startDeployReceiver, WEBHOOK_SECRET } from '../support/deploy-receiver.ts';
import { startReportServer } from '../support/report-server.ts';
import { until } from '../support/until.ts';
import { NO_SETTINGS, testDeploymentTarget } from './deployment-target.ts';

const TIMES = { answerMs: 20_000, retryDelaysMs: [1, 1] };

async function open(t: TestContext, usual: Behaviour = 'deploy', times: Partial<typeof TIMES> = {}) {
  const database = await testDatabase(t);
  const reports = new DeploymentReports({ database, clock: Date.now, secretOf: async () => WEBHOOK_SECRET });
  const publicUrl = await startReportServer(t, reports);
  const receiver = await startDeployReceiver(t, usual);
  const target = webhookTarget({ publicUrl, reports, clock: Date.now, ...TIMES, ...times });
  const options = { url: receiver.url, secret: WEBHOOK_SECRET };
  const environment: TargetEnvironment = {
    id: randomUUID(),
    appKey: 'app-1',
    appId: 'calc' as AppId,
    mode: 'Test',
    options: target.parseOptions(options, undefined),
  };
  const { signal } = new AbortController();
  const start = (id: string = randomUUID(), until = signal) =>
    target.start(environment, { id, package: receiver.addPackage(), autoSyncDb: true, settings: SETTINGS }, until);
  return { target, receiver, reports, publicUrl, options, environment, start, signal };
}

const SETTINGS = { ...NO_SETTINGS, constants: { 'Main.Greeting': 'hello' } };

const underContract = async (t: TestContext, usual: Behaviour) => {
  const { target, receiver, options } = await open(t, usual);
  return {
    target,
    options: () => options,
    addPackage: async () => receiver.addPackage(),
    findRunning: async ({ id }: TargetEnvironment) => receiver.running(id),
  };
};
testDeploymentTarget('webhook target that is answered at once', (t) => underContract(t, 'deploy'));
testDeploymentTarget('webhook target that takes reports', (t) => underContract(t, 'report'));

const failing = (words: RegExp, code?: ErrorCode) => (error: unknown) =>
  error instanceof DeploymentFailure && words.test(error.message) && error.code === code;

test('an order says what is to be done, and with what', async (t) => {
  const { target, receiver, environment, publicUrl, signal } = await open(t);
  const given = receiver.addPackage();
  await target.transport(environment, given, signal);
  const id = randomUUID();
  await target.start(environment, { id, package: given, autoSyncDb: true, settings: SETTINGS }, signal);
  await target.stop(environment, signal);
  const [transport, start, stop] = receiver.orders;
  const { id: packageId, name, version, sizeBytes, sha256 } = given;
  const shown = { id: packageId, name, version, sizeBytes, sha256, url: given.link(3600) };
  const about = (orderId: string) => ({
    orderId,
    appId: 'calc',
    environment: 'Test',
    environmentId: environment.id,
    reportUrl: `${publicUrl}/deployments/${orderId}`,
  });
  assert.deepEqual(
    [transport?.type, start?.type, stop?.type].join(),
    'environment.transport,environment.start,environment.stop',
  );
  assert.deepEqual(transport?.data, { ...about(transport?.id ?? ''), package: shown });
  assert.deepEqual(start?.data, { ...about(id), package: shown, autoSyncDb: true, settings: SETTINGS });
  assert.deepEqual(stop?.data, about(stop?.id ?? ''));
  assert.equal(start?.id, id);
  assert.ok(Math.abs(Date.parse(start?.timestamp ?? '') - Date.now()) < 60_000);
});

for (const [what, passing] of [
  ['500', { status: 500 }],
  ['503 with words of its own', { status: 503, body: '{"errorCode": "BUSY"}' }],
  ['429', { status: 429 }],
  ['a cut connection', 'cut'],
] as const) {
  test(`after ${what} an order is sent again, under the same id`, async (t) => {
    const { receiver, start, environment } = await open(t);
    receiver.next(passing);
    await start();
    assert.equal(receiver.orders.length, 2);
    assert.equal(new Set(receiver.orders.map(({ id }) => id)).size, 1);
    assert.notEqual(receiver.running(environment.id), undefined);
  });
}

test('a system that does not answer in time is given up in the end', async (t) => {
  const { start } = await open(t, 'silence', { answerMs: 100 });
  await assert.rejects(start(), failing(/^127\.0\.0\.1:\d+ cannot be asked: it did not answer within 0\.1 s\.$/));
});

test('a system that has another secret refuses the order', async (t) => {
  const { target, environment, receiver, signal } = await open(t);
  const secret = `whsec_${Buffer.alloc(24).toString('base64')}`;
  const other = { ...environment, options: { ...environment.options, secret } };
  await assert.rejects(target.stop(other, signal), failing(/answered 401\.$/));
  assert.equal(receiver.orders.length, 0);
});

test('a system that is not there is named, with the reason', async (t) => {
  const { target, environment, signal } = await open(t);
  const nowhere = { ...environment, options: { ...environment.options, url: await closedAddress(t) } };
  await assert.rejects(target.stop(nowhere, signal), failing(/^127\.0\.0\.1:\d+ cannot be asked: ECONNREFUSED\.$/));
});

async function closedAddress(t: TestContext): Promise<string> {
  const cleanups: (() => unknown)[] = [];
  const { url } = await startDeployReceiver({ after: (work) => void cleanups.push(work) });
  for (const cleanup of cleanups) await cleanup();
  t.diagnostic(`nothing listens at ${url}`);
  return url;
}

for (const [what, answer, words] of [
  ['a redirect', { status: 307, headers: { location: '/elsewhere' } }, /answered 307, which is not followed/],
  ['404', { status: 404, body: '<html>' }, /answered 404\.$/],
  ['a page instead of an answer', { status: 200, body: '<html>' }, /answered 200 with what is no JSON object/],
  ['an error under 200', { status: 200, body: '{"errorCode": "X", "errorMessage": "no\\nroom"}' }, /^no room$/],
] as const) {
  test(`${what} is a failure, and is not sent again`, async (t) => {
    const { receiver, start } = await open(t);
    receiver.next(answer);
    await assert.rejects(start(), failing(words));
    assert.equal(receiver.orders.length, 1);
  });
}

test('a code counts where it is one of the call, and then nothing is sent again', async (t) => {
  const { target, receiver, environment, start, signal } = await open(t);
  const failed = { status: 500, body: '{"errorCode": "DB_SYNC_FAILED", "errorMessage": "the table is locked."}' };
  receiver.next(failed);
  await assert.rejects(start(), failing(/^the table is locked\.$/, 'DB_SYNC_FAILED'));
  receiver.next(failed, failed, failed);
  await assert.rejects(target.stop(environment, signal), failing(/^the table is locked\.$/, undefined));
});

test('an answer without end is read to no end', async (t) => {
  const { receiver, start } = await open(t);
  receiver.next({ status: 400, body: `{"errorMessage": "${'x'.repeat(4_000_000)}"}` });
  await assert.rejects(start(), failing(/answered 400\.$/));
  receiver.next({ status: 400, body: `{"errorMessage": "${'x'.repeat(10_000)}"}` });
  await assert.rejects(start(), failing(/^x{499}…$/));
});

test('a report counts also where the answer to the order was lost', async (t) => {
  const { receiver, start, environment } = await open(t, 'report unanswered');
  await start();
  assert.equal(receiver.orders.length, 1);
  assert.notEqual(receiver.running(environment.id), undefined);
});

test('an order is accepted however long its answer goes on', async (t) => {
  const { receiver, start } = await open(t, 'accept', { answerMs: 3000, retryDelaysMs: [] });
  const started = start();
  started.catch(() => undefined);
  await until('the answer is no longer read', () => receiver.closedAfterAccepting() === 1);
  const order = receiver.orders[0] ?? assert.fail('no order has come');
  await receiver.report(order, { status: 'Started' });
  await started;
});

test('a report of a failure says why, with its code', async (t) => {
  const { receiver, start } = await open(t, 'accept');
  const failed = assert.rejects(start(), failing(/^Main\.Greeting has no value\.$/, 'MISSING_CONSTANT'));
  const order = await until('the order has come', () => receiver.orders[0]);
  const failure = { status: 'Failed', errorCode: 'MISSING_CONSTANT', errorMessage: 'Main.Greeting has no value.' };
  assert.equal(await receiver.report(order, failure), 200);
  await failed;
});

test('a report that comes again is taken, and the first one counts', async (t) => {
  const { receiver, start } = await open(t, 'accept');
  const started = start();
  const order = await until('the order has come', () => receiver.orders[0]);
  assert.equal(await receiver.report(order, { status: 'Started' }), 200);
  assert.equal(await receiver.report(order, { status: 'Failed' }), 200);
  await started;
  assert.equal(await receiver.report(order, { status: 'Started' }), 200);
});

test('a report that is not the one waited for is refused, in one way', async (t) => {
  const { receiver, start } = await open(t, 'accept');
  const cut = new AbortController();
  const started = start(undefined, cut.signal);
  const order = await until('the order has come', () => receiver.orders[0]);
  const other = { ...order, id: randomUUID() };
  const report = { status: 'Started' };
  assert.equal(await receiver.report(order, report, `whsec_${Buffer.alloc(32).toString('base64')}`), 403);
  assert.equal(await receiver.report(other, report), 403);
  const { reportUrl } = order.data;
  assert.equal(await receiver.report({ ...other, data: { ...order.data, reportUrl: `${reportUrl}0` } }, report), 403);
  assert.equal(await receiver.report(order, { status: 'Perhaps' }), 400);
  const reason = new Error('enough');
  cut.abort(reason);
  await assert.rejects(started, (error) => error === reason);
  assert.equal(await receiver.report(order, report), 403);
});

test('an order that is cut off while it is sent throws the reason', async (t) => {
  const { receiver, start } = await open(t, 'silence');
  const cut = new AbortController();
  const started = start(undefined, cut.signal);
  await until('the order has come', () => receiver.orders[0]);
  const reason = new Error('enough');
  cut.abort(reason);
  await assert.rejects(started, (error) => error === reason);
});
