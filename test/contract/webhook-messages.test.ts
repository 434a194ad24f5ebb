import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { EVENT_TYPES } from '../../src/protocol/webhook-events.ts';
import type { WireMessageDetail } from '../../src/protocol/webhooks.ts';
import { openBuildApiWorld } from '../support/build-api-world.ts';
import { inDatabaseOf } from '../support/stores.ts';
import { until } from '../support/until.ts';
import { webhookCalls } from '../support/webhook-calls.ts';
import { type Reception, startWebhookReceiver } from '../support/webhook-receiver.ts';
import { MESSAGE_SECRET } from '../support/webhooks.ts';

/** What webhooks were told, how it went, and having it told again: over HTTP, with a receiver that verifies. */
const world = await openBuildApiWorld({ after }, { webhookNetworks: ['127.0.0.1'] });
const { server } = world;
const webhooks = webhookCalls(server, world.richard);

interface Case {
  readonly eventTypes?: readonly string[];
  readonly usual?: Reception;
  readonly headers?: readonly { readonly key: string; readonly value: string }[];
}

/** A webhook of its own, with a receiver. */
async function open(
  t: { after(work: () => unknown): void },
  { eventTypes = ['build.succeeded'], usual, headers }: Case = {},
) {
  const receiver = await startWebhookReceiver(t, usual === undefined ? {} : { usual });
  const given = { name: 'CI', url: receiver.url, eventTypes, validationSecret: MESSAGE_SECRET, headers };
  const { status, body, text } = await webhooks('POST', '', given);
  assert.equal(status, 200, text);
  const path = `/${body.id}`;
  t.after(() => webhooks('DELETE', path));
  const ok = async (method: string, rest: string, sent?: unknown) => {
    const answer = await webhooks(method, path + rest, sent);
    assert.equal(answer.status, method === 'PUT' ? 202 : 200, answer.text);
    return answer.body;
  };
  return {
    receiver,
    path,
    ok,
    list: async (query = '') => (await ok('GET', `/messages${query}`)).messages,
    show: (id: string): Promise<WireMessageDetail> => ok('GET', `/messages/${id}`),
    untilStatus: (id: string, status: string) =>
      until(`the message ${id} is ${status}`, async () => {
        const message: WireMessageDetail = await ok('GET', `/messages/${id}`);
        return message.status === status && message;
      }),
    untilTried: (id: string, attempts: number) =>
      until(`the message ${id} was tried ${attempts} times`, async () => {
        const message: WireMessageDetail = await ok('GET', `/messages/${id}`);
        return message.log.length >= attempts && message;
      }),
  };
}

test('a build is told to its webhook, and the log has what was sent and what came back', async (t) => {
  const headers = [{ key: 'Authorization', value: 'Bearer sesame' }];
  const hook = await open(t, { eventTypes: ['build.queued', 'build.succeeded'], headers });
  const { PackageId } = await world.build();
  const [last, first] = await until('both were delivered', async () => {
    const messages = await hook.list('?status=delivered');
    return messages.length === 2 && messages;
  });
  assert.deepEqual([first.eventType, last.eventType], ['build.queued', 'build.succeeded']);
  assert.deepEqual(
    hook.receiver.messages.map(({ id }) => id),
    [first.id, last.id],
  );
  assert.ok(hook.receiver.messages.every((one) => one.headers.authorization === 'Bearer sesame'));
  const shown = await hook.show(last.id);
  const { payload, log, ...rest } = shown;
  assert.deepEqual(rest, last);
  assert.deepEqual(payload, hook.receiver.messages[1]?.payload);
  assert.equal((payload as { packageId: string }).packageId, PackageId);
  const [attempt] = log;
  assert.deepEqual(
    [log.length, attempt?.responseStatus, attempt?.responseBody, attempt?.error],
    [1, 200, 'Thank you', null],
  );
  assert.equal(attempt?.url, hook.receiver.url);
  assert.ok((attempt?.durationMs ?? -1) >= 0);
  assert.ok(!JSON.stringify(shown).includes('sesame'));
  assert.deepEqual(last.lastAttempt, {
    time: attempt?.time,
    durationMs: attempt?.durationMs,
    responseStatus: 200,
    error: null,
  });
  assert.deepEqual([last.status, last.isTest, last.attempts, last.dueAt], ['Delivered', false, 1, null]);
  assert.ok(Date.parse(last.endedAt) >= Date.parse(last.createdAt));
});

test('a test message of every event is delivered as such', async (t) => {
  const hook = await open(t);
  for (const eventType of EVENT_TYPES) {
    const { id, isTest, eventType: told } = await hook.ok('POST', '/test', { eventType });
    assert.deepEqual([isTest, told], [true, eventType]);
    await hook.untilStatus(id, 'Delivered');
  }
  const received = hook.receiver.messages;
  assert.deepEqual(
    received.map(({ payload }) => payload.eventType),
    EVENT_TYPES,
  );
  assert.ok(received.every(({ headers, payload }) => headers.test === 'test' && payload.appId === 'calc'));
  assert.equal((await hook.ok('POST', '/test')).eventType, 'build.succeeded', 'the first of the webhook');
  assert.equal((await hook.ok('POST', '/test', 'eventType=build.failed')).eventType, 'build.failed');
  const refused = await webhooks('POST', `${hook.path}/test`, { eventType: 'build.done' });
  assert.equal(refused.body.error['invalid-params'][0].name, 'eventType');
});

test('a message that failed says why, and is sent again under its id', async (t) => {
  const hook = await open(t, { usual: { status: 500, body: 'out of order' } });
  const { id } = await hook.ok('POST', '/test');
  const failed = await hook.untilStatus(id, 'Failed');
  assert.equal(failed.log[0]?.responseBody, 'out of order');
  assert.match(failed.lastAttempt?.error ?? '', /answered 500/);
  hook.receiver.usually('take');
  const again = await hook.ok('POST', `/messages/${id}/redeliver`);
  assert.deepEqual([again.id, again.endedAt], [id, null]);
  const delivered = await hook.untilStatus(id, 'Delivered');
  assert.deepEqual(
    delivered.log.map(({ responseStatus }) => responseStatus),
    [200, 500],
    'the newest first',
  );
  assert.deepEqual(
    hook.receiver.messages.map((one) => one.id),
    [id, id],
  );
  await hook.ok('POST', `/messages/${id}/redeliver`);
  await hook.untilTried(id, 3);
  assert.equal((await hook.show(id)).status, 'Delivered', 'what was delivered is sent again as well');
});

test('a message that waits is sent at once when somebody says so, or when its webhook is mended', async (t) => {
  const headers = [{ key: 'X-Team', value: 'crew' }];
  const hook = await open(t, { usual: { status: 503, headers: { 'retry-after': '3000' } }, headers });
  await world.build();
  const [{ id }] = await until('it was told', async () => {
    const messages = await hook.list();
    return messages[0]?.lastAttempt !== null && messages.length === 1 && messages;
  });
  const waiting = await hook.show(id);
  assert.equal(waiting.status, 'Pending');
  assert.ok(Date.parse(waiting.dueAt ?? '') > Date.now() + 60_000, `${waiting.dueAt}`);
  const { failures, failingSince } = await hook.ok('GET', '');
  assert.ok(failures === 1 && failingSince !== null);
  await hook.ok('POST', `/messages/${id}/redeliver`);
  await hook.untilTried(id, 2);
  const { createdAt, ...shown } = await hook.ok('GET', '');
  assert.equal((await hook.ok('PUT', '', { ...shown, name: 'Same' })).failures, 2, 'nothing that would mend it');
  hook.receiver.usually('take');
  const mended = await hook.ok('PUT', '', { headers: [{ key: 'X-Team', value: 'tools' }] });
  assert.deepEqual([mended.failures, mended.failingSince, mended.note], [0, null, null]);
  await hook.untilStatus(id, 'Delivered');
});

test('what waits for a webhook that is made inactive is given up, and may be sent once it is active again', async (t) => {
  const hook = await open(t, {
    usual: { status: 503, headers: { 'retry-after': '3000' } },
    eventTypes: ['build.queued'],
  });
  for (let count = 0; count < 3; count += 1) await world.build();
  await until('they were told', async () => (await hook.list()).length === 3);
  await hook.ok('PUT', '', { isActive: false });
  assert.equal((await hook.list('?status=Failed')).length, 3);
  const [oldest] = (await hook.list('?ascOrder=true')) as { id: string; createdAt: string }[];
  for (const rest of ['/test', '/redeliver', `/messages/${oldest?.id}/redeliver`]) {
    const { status, body } = await webhooks('POST', hook.path + rest);
    assert.deepEqual([status, body.errorCode], [409, 'WEBHOOK_NOT_ACTIVE'], rest);
    assert.match(
      body.errorMessage,
      /^The webhook 'CI' is not active: activate it first, as 'slipway webhook update calc /,
    );
  }
  hook.receiver.usually('take');
  await hook.ok('PUT', '', { isActive: true });
  const [, second] = (await hook.list('?ascOrder=true')) as { id: string; createdAt: string }[];
  const since = second?.createdAt;
  assert.deepEqual(await hook.ok('POST', '/redeliver', { since }), { redelivered: 2, hasMore: false });
  await until('they were delivered', async () => (await hook.list('?status=Delivered')).length === 2);
  assert.deepEqual(await hook.ok('POST', '/redeliver'), { redelivered: 1, hasMore: false });
  await until('all were delivered', async () => (await hook.list('?status=Delivered')).length === 3);
  assert.deepEqual(await hook.ok('POST', '/redeliver', {}), { redelivered: 0, hasMore: false });
});

test('a webhook that disabled itself says why, and nothing is held against it once it is active again', async (t) => {
  const hook = await open(t, { usual: { status: 410 } });
  const { id } = await hook.ok('POST', '/test');
  await hook.untilStatus(id, 'Failed');
  const disabled = await hook.ok('GET', '');
  assert.equal(disabled.isActive, false);
  assert.match(disabled.note, /410/);
  const { body } = await webhooks('POST', `${hook.path}/test`);
  assert.match(body.errorMessage, /not active \(Disabled at .*410/);
  const { note, failures, failingSince, isActive } = await hook.ok('PUT', '', { isActive: true });
  assert.deepEqual([note, failures, failingSince, isActive], [null, 0, null, true]);
});

test('many failed messages are sent again a page at a time, and no tests', async (t) => {
  const hook = await open(t);
  hook.receiver.next({ status: 500 });
  await hook.untilStatus((await hook.ok('POST', '/test')).id, 'Failed');
  const { id: webhookId } = await hook.ok('GET', '');
  await inDatabaseOf(server.dataFolder, (database) =>
    database.transaction(async (queries) => {
      const message = { webhook_id: webhookId, event_type: 'build.failed', payload: '{}', is_test: 0 } as const;
      const ended = { status: 'Failed', attempts: 1, created_at: 5, due_at: 5, ended_at: 6 } as const;
      for (let at = 0; at < 300; at += 1) {
        await queries
          .insertInto('webhook_messages')
          .values({ ...message, ...ended, id: `msg_${at}` })
          .execute();
      }
    }),
  );
  assert.deepEqual(await hook.ok('POST', '/redeliver', { since: 6 }), { redelivered: 0, hasMore: false });
  assert.deepEqual(await hook.ok('POST', '/redeliver', { since: 5 }), { redelivered: 250, hasMore: true });
  assert.deepEqual(await hook.ok('POST', '/redeliver'), { redelivered: 50, hasMore: false });
  await until('all have come', () => hook.receiver.messages.length === 301, 60_000);
  const audit = (await server.call('GET', '/manage/1/audit?limit=1')).body;
  assert.deepEqual([audit[0].Action, audit[0].Detail], ['webhook.redeliver', `${webhookId} 50 that Failed`]);
  const { messages, cursors } = await hook.ok('GET', '/messages?limit=100');
  assert.equal(messages.length, 100);
  const next = await hook.ok('GET', `/messages?limit=100&cursor=${cursors.next}`);
  assert.equal(next.messages[0].id, 'msg_199');
});

test('a secret that is replaced is followed by one that both know, and the former one ends', async (t) => {
  const former = await startWebhookReceiver(t);
  const hook = await open(t);
  const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
  await hook.ok('PUT', '', { url: former.url, validationSecret: secret });
  const { id } = await hook.ok('POST', '/test');
  await hook.untilStatus(id, 'Delivered');
  assert.equal(former.messages[0]?.headers['webhook-signature']?.split(' ').length, 2);
  const current = await startWebhookReceiver(t, { secret });
  await hook.ok('PUT', '', { url: current.url });
  await hook.untilStatus((await hook.ok('POST', '/test')).id, 'Delivered');
  assert.equal(current.messages.length, 1);
});

test('what is not there, or is another webhook’s, is none', async (t) => {
  const [hook, other] = [await open(t), await open(t)];
  const { id } = await hook.ok('POST', '/test');
  for (const [path, code] of [
    [`${other.path}/messages/${id}`, 'MESSAGE_NOT_FOUND'],
    [`${hook.path}/messages/msg_none`, 'MESSAGE_NOT_FOUND'],
    [`/mxep_none/messages/${id}`, 'WEBHOOK_NOT_FOUND'],
  ] as const) {
    const shown = await webhooks('GET', path);
    const sent = await webhooks('POST', `${path}/redeliver`);
    assert.deepEqual([shown.status, shown.body.errorCode, shown.body.error.code], [404, code, 404]);
    assert.deepEqual([sent.status, sent.body.errorCode], [404, code]);
  }
  for (const query of ['status=Done', 'cursor=x', 'limit=-1']) {
    assert.equal((await webhooks('GET', `${hook.path}/messages?${query}`)).body.errorCode, 'INVALID_PARAMETERS', query);
  }
  for (const since of ['yesterday', -1, {}]) {
    const { body } = await webhooks('POST', `${hook.path}/redeliver`, { since });
    assert.match(body.errorMessage, /^since is '.*': give a time such as 2026/);
  }
});

test('the audit says who did what to a webhook', async (t) => {
  const hook = await open(t);
  const { id } = await hook.ok('POST', '/test');
  await hook.untilStatus(id, 'Delivered');
  await hook.ok('POST', `/messages/${id}/redeliver`);
  await hook.ok('PUT', '', { name: 'Other', validationSecret: `whsec_${Buffer.alloc(32, 9).toString('base64')}` });
  const webhookId = hook.path.slice(1);
  await webhooks('DELETE', hook.path);
  const entries = (await server.call('GET', '/manage/1/audit?limit=6')).body.toReversed();
  assert.deepEqual(
    entries.map((entry: Record<string, unknown>) => [entry.Login, entry.Action, entry.Subject, entry.Detail]),
    [
      ['webhook.create', `${webhookId} CI`],
      ['webhook.test', `${webhookId} build.succeeded ${id}`],
      ['webhook.redeliver', `${webhookId} ${id}`],
      ['webhook.update', `${webhookId} name validationSecret`],
      ['webhook.rotate', `${webhookId} Other`],
      ['webhook.delete', `${webhookId} Other`],
    ].map(([action, detail]) => [world.richard.username, action, 'calc', detail]),
  );
});
