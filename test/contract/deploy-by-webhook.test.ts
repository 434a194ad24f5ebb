import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { ERROR_CODES, type ErrorCode } from '../../src/protocol/error-codes.ts';
import { TARGET_CODES, type TargetCall } from '../../src/protocol/target-codes.ts';
import { type BuildApiWorld, openBuildApiWorld } from '../support/build-api-world.ts';
import { type DeployReceiver, startDeployReceiver, WEBHOOK_SECRET } from '../support/deploy-receiver.ts';
import { environmentCalls } from '../support/environments.ts';
import { openFront } from '../support/front.ts';
import type { Answer } from '../support/server.ts';
import { embeddedOnly } from '../support/shape.ts';
import { until } from '../support/until.ts';

const MANAGED = '/manage/1/apps/calc/environments';

/** The status that each code has in the documentation of the call; of `remove` in ours. */
const DOCUMENTED: Readonly<Record<TargetCall, Partial<Record<ErrorCode, number>>>> = {
  transport: {
    INVALID_RUNTIME_VERSION: 400,
    NO_ACCESS: 403,
    TRANSPORT_NOT_ALLOWED: 403,
    APP_IS_RUNNING: 403,
    'NOT ALLOWED': 403,
    PACKAGE_NOT_FOUND: 404,
    PACKAGE_PARSE_FAILED: 500,
    'SERVICE UNAVAILABLE': 503,
  },
  start: {
    NO_PACKAGE: 500,
    ALREADY_LOCKED: 500,
    DB_SYNC_FAILED: 500,
    INVALID_DB_STRUCTURE: 500,
    MISSING_CONSTANT: 500,
    INSECURE_ADMIN_PASSWORD: 500,
    STARTUP_ACTION_FAILED: 500,
    START_FAILED: 500,
  },
  stop: { STOP_FAILED: 500 },
  clean: { ENVIRONMENT_NOT_STOPPED: 403, ENVIRONMENT_NOT_DEPLOYED: 422, ENVIRONMENT_CLEAN_FAILED: 500 },
  remove: { ENVIRONMENT_IN_USE: 409, ENVIRONMENT_DELETE_FAILED: 500 },
};

test('every code that a system that deploys may give is tried', () => {
  for (const call of Object.keys(DOCUMENTED) as TargetCall[]) {
    assert.deepEqual(Object.keys(DOCUMENTED[call]), TARGET_CODES[call], call);
  }
});

describe('deploying by a webhook', () => {
  const cleanups: (() => unknown)[] = [];
  let world: BuildApiWorld;
  let receiver: DeployReceiver;
  let first: Answer['body'];
  let second: Answer['body'];

  before(async () => {
    const test = { after: (work: () => unknown) => void cleanups.push(work) };
    const front = await openFront(test);
    world = await openBuildApiWorld(test, { publicUrl: front.url });
    front.leadTo(world.server.url);
    receiver = await startDeployReceiver(test, 'report');
    first = await world.build();
    second = await world.build({ Version: '2.5.5' });
  });
  after(async () => {
    for (const cleanup of cleanups.toReversed()) await cleanup();
  });

  async function createEnvironment(Mode: string) {
    const TargetOptions = { url: receiver.url, secret: WEBHOOK_SECRET };
    const { status, body } = await world.server.call('POST', MANAGED, { Mode, Target: 'webhook', TargetOptions });
    assert.equal(status, 200, JSON.stringify(body));
    return { id: body.EnvironmentId, shown: body, ...environmentCalls(world.call, Mode) };
  }

  const newest = () => receiver.orders.at(-1) ?? assert.fail('no order has come');

  test('a package is fetched, started, replaced and stopped elsewhere, and the environment says so', async () => {
    const environment = await createEnvironment('Test');
    assert.deepEqual(environment.shown.TargetOptions, { url: receiver.url, linkTtl: 3600 });
    const [forOthers] = (await world.call('GET', MANAGED)).body;
    assert.deepEqual([forOthers.Mode, forOthers.TargetOptions], ['Test', {}]);
    assert.equal((await environment.transport(first.PackageId)).status, 200);
    await environment.run();
    assert.equal(receiver.running(environment.id), first.PackageId);
    assert.equal((await environment.transport(second.PackageId)).status, 200);
    assert.equal(receiver.running(environment.id), first.PackageId);
    assert.equal((await environment.stop()).status, 200);
    assert.equal(receiver.running(environment.id), undefined);
    assert.equal((await environment.clean()).status, 200);
    await environment.run();
    assert.equal(receiver.running(environment.id), second.PackageId);
    const { Status, ModelVersion } = await environment.get();
    assert.deepEqual([Status, ModelVersion], ['Running', second.Version]);
    await environment.stop();
    assert.equal((await world.server.call('DELETE', `${MANAGED}/Test`)).status, 200);
    assert.equal(newest().type, 'environment.remove');
  });

  test('every documented code is passed on, said at once or reported, and changes nothing', async () => {
    const environment = await createEnvironment('Failing');
    await environment.transport(first.PackageId);
    /** Lets an order fail, and reads the answer to whoever called. */
    const fail = async (code: string, ask: () => Promise<Answer>, how: 'at once' | 'reported') => {
      const failure = { errorCode: code, errorMessage: `It was ${code}.` };
      if (how === 'at once') {
        receiver.next({ status: 500, body: JSON.stringify(failure) });
        return await ask();
      }
      const before = receiver.orders.length;
      receiver.next('accept');
      const answer = ask();
      await until('the order has come', () => receiver.orders.length > before);
      assert.equal(await receiver.report(newest(), { status: 'Failed', ...failure }), 200);
      return await answer;
    };
    const start = async () => {
      const { JobId } = (await environment.start()).body;
      return await until('the start ends', async () => {
        const answer = await environment.startStatus(JobId);
        return answer.body.Status !== 'Starting' && answer;
      });
    };
    const expectAll = async (call: TargetCall, ask: () => Promise<Answer>, how: 'at once' | 'reported') => {
      for (const [code, status] of Object.entries(DOCUMENTED[call])) {
        const answer = await fail(code, ask, how);
        assert.deepEqual([answer.status, answer.body.errorCode], [status, code], JSON.stringify(answer.body));
        assert.match(answer.body.errorMessage, new RegExp(`: It was ${code}\\.$`));
      }
    };
    for (const how of ['at once', 'reported'] as const) {
      await expectAll('transport', () => environment.transport(second.PackageId), how);
      await expectAll('start', start, how);
      await expectAll('clean', environment.clean, how);
      await expectAll('remove', () => world.server.call('DELETE', `${MANAGED}/Failing`), how);
      assert.equal((await environment.get()).ModelVersion, first.Version);
      await environment.run();
      await expectAll('stop', environment.stop, how);
      assert.equal((await environment.get()).Status, 'Running');
      await environment.stop();
    }
    const unknown = await fail('NO_SUCH_STARTJOB', () => environment.transport(second.PackageId), 'reported');
    assert.deepEqual([unknown.status, unknown.body.errorCode], [500, 'TRANSPORT_FAILED']);
  });

  test('a start that waits for its report is stopped, and its report is refused then', async () => {
    const environment = await createEnvironment('Waiting');
    await environment.transport(first.PackageId);
    receiver.next('accept');
    const before = receiver.orders.length;
    const { JobId } = (await environment.start()).body;
    await until('the order has come', () => receiver.orders.length > before);
    const order = newest();
    assert.equal(order.id, JobId);
    assert.equal((await environment.startStatus(JobId)).body.Status, 'Starting');
    assert.equal((await environment.stop()).status, 200);
    assert.equal(newest().type, 'environment.stop');
    assert.equal((await environment.startStatus(JobId)).body.errorCode, 'START_FAILED');
    assert.equal(await receiver.report(order, { status: 'Started' }), 403);
    assert.equal((await environment.get()).Status, 'Stopped');
  });

  test('reports that nobody waits for are answered in one way, and not for long', {
    skip: embeddedOnly('each server counts failed attempts for itself'),
  }, async () => {
    const send = async (orderId: string, body: string | undefined, headers: Record<string, string>) => {
      const init = { method: 'POST', headers, ...(body !== undefined && { body }) };
      const answer = await fetch(`${world.server.url}/deployments/${orderId}`, init);
      return { status: answer.status, text: await answer.text() };
    };
    const environment = await createEnvironment('Guarded');
    receiver.next('accept');
    const before = receiver.orders.length;
    const transporting = environment.transport(first.PackageId);
    await until('the order has come', () => receiver.orders.length > before);
    const order = newest();
    const report = JSON.stringify({ status: 'Done' });
    const { INVALID_REPORT, TOO_MANY_REQUESTS } = ERROR_CODES;
    const refused = JSON.stringify({ errorCode: 'INVALID_REPORT', errorMessage: INVALID_REPORT.message });
    const forged = {
      'webhook-id': order.id,
      'webhook-timestamp': String(Math.floor(Date.now() / 1000)),
      'webhook-signature': `v1,${'A'.repeat(43)}=`,
    };
    assert.deepEqual(await send(order.id, report, forged), { status: 403, text: refused });
    assert.deepEqual(await send(randomUUID(), report, forged), { status: 403, text: refused });
    assert.deepEqual(await send(order.id, undefined, {}), { status: 403, text: refused });
    const long = await send(order.id, 'x'.repeat(65 * 1024), forged);
    assert.deepEqual([long.status, JSON.parse(long.text).errorCode], [413, 'PAYLOAD_TOO_LARGE']);
    assert.equal(await receiver.report(order, { status: 'Done' }), 200);
    assert.equal((await transporting).status, 200);
    assert.equal(await receiver.report(order, { status: 'Done' }), 200);

    const guessed = randomUUID();
    for (let attempt = 0; attempt < 10; attempt++) await send(guessed, report, forged);
    assert.equal((await send(guessed, report, forged)).status, TOO_MANY_REQUESTS.status);
    assert.equal((await world.call('GET', '/api/1/apps')).status, 200);
  });
});
