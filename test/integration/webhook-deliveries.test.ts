import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { Webhook } from 'standardwebhooks';
import { markAppDeleted } from '../../src/database/apps.ts';
import type { Database, Queries } from '../../src/database/database.ts';
import { insertMessage } from '../../src/database/tell-webhooks.ts';
import { countPendingMessages, deleteMessagesEndedBefore, resendMessage } from '../../src/database/webhook-messages.ts';
import { deactivateWebhook, deleteWebhookRow, findAnyWebhook, updateWebhook } from '../../src/database/webhooks.ts';
import type { Login } from '../../src/domain/identifiers.ts';
import { deleteWebhook } from '../../src/operations/delete-webhook.ts';
import {
  openWebhookHeaders,
  openWebhookSecrets,
  sealWebhookHeaders,
  sealWebhookSecrets,
} from '../../src/operations/webhook-secrets.ts';
import { Lanes } from '../../src/outbox/lanes.ts';
import { messageLanes } from '../../src/outbox/message-lanes.ts';
import { openSecretBox } from '../../src/secrets/secret-box.ts';
import { addApp, testDatabase } from '../support/database.ts';
import { until } from '../support/until.ts';
import { startWebhookReceiver } from '../support/webhook-receiver.ts';
import { addWebhook, MESSAGE_SECRET, type NewWebhook } from '../support/webhooks.ts';

const HOUR_MS = 60 * 60_000;

/** What delivers messages, over a real database, at a time that the test decides on. */
async function setUp(context: TestContext, answerMs = 15_000) {
  const database = await testDatabase(context);
  const app = await addApp(database, 'calc');
  const box = openSecretBox(randomBytes(32));
  const time = { now: Date.now() };
  const clock = () => time.now;
  const outcomes: string[] = [];
  const errors: unknown[] = [];
  const open = (changed: Partial<Database> = {}) => {
    const source = messageLanes({
      database: { ...database, ...changed },
      metrics: { observeDelivery: (outcome) => void outcomes.push(outcome) },
      clock,
      post: { networks: ['127.0.0.1'], answerMs },
      openSecrets: (webhook) => ({
        secrets: openWebhookSecrets(box, webhook),
        headers: openWebhookHeaders(box, webhook),
      }),
    });
    const lanes = new Lanes({ source, clock, onError: (error) => void errors.push(error) });
    context.after(() => lanes.stop());
    return lanes;
  };
  const lanes = open();
  database.onChange('messages', () => lanes.wake());
  let told = 0;
  const tell = (webhookId: string, isTest = false) => {
    const payload = JSON.stringify({ number: ++told });
    const message = { webhookId, eventType: 'build.queued', payload, at: time.now, isTest } as const;
    return database.transaction((queries) => insertMessage(queries, message));
  };
  const find = (id: string) =>
    database.read.selectFrom('webhook_messages').selectAll().where('id', '=', id).executeTakeFirst();
  const untilEnded = (id: string, status: string) =>
    until(`the message is ${status}`, async () => (await find(id))?.status === status);
  const attemptsAt = (id: string) =>
    database.read.selectFrom('webhook_attempts').selectAll().where('message_id', '=', id).orderBy('id').execute();
  const untilAttempts = (id: string, count: number) =>
    until(`there are ${count} attempts`, async () => {
      const attempts = await attemptsAt(id);
      return attempts.length >= count && attempts;
    });
  /** Goes to a later time, as if nobody had been asleep. */
  const goTo = (at: number) => {
    time.now = at;
    lanes.wake();
  };
  const getWebhook = async (id: string) => {
    const row = await findAnyWebhook(database.read, id);
    assert.ok(row !== undefined);
    return row;
  };
  return {
    ...{ database, app, box, time, outcomes, errors, open, lanes, tell, find, untilEnded, attemptsAt, untilAttempts },
    ...{ goTo, getWebhook, clock },
    add: (given: NewWebhook) => addWebhook(database, box, app.id, given),
  };
}

test('a message arrives once it is written, signed, with its headers and those of the webhook', async (t) => {
  const { add, tell, untilEnded, attemptsAt, outcomes } = await setUp(t);
  const receiver = await startWebhookReceiver(t);
  const headers = [
    { key: 'Authorization', value: 'Bearer hunter2' },
    { key: 'Content-Length', value: '1' },
  ];
  const { id } = await add({ url: receiver.url, headers });
  const message = await tell(id);
  await untilEnded(message, 'Delivered');
  const [got] = receiver.messages;
  assert.ok(got !== undefined);
  assert.equal(got.body, '{"number":1}');
  const { host, 'webhook-timestamp': timestamp, 'webhook-signature': signature, ...others } = got.headers;
  assert.match(`${host} ${timestamp} ${signature}`, /^127\.0\.0\.1:\d+ \d{10} v1,\S{44}$/);
  assert.deepEqual(others, {
    authorization: 'Bearer hunter2',
    'webhook-id': message,
    'content-type': 'application/json',
    accept: '*/*',
    'user-agent': 'slipway',
    connection: 'close',
    'content-length': '12',
  });
  const [attempt, ...more] = await attemptsAt(message);
  assert.deepEqual(more, []);
  assert.deepEqual([attempt?.url, attempt?.response_status, attempt?.error], [receiver.url, 200, null]);
  assert.equal(attempt?.response_body, 'Thank you');
  assert.deepEqual(outcomes, ['delivered']);
  const shown = JSON.parse(attempt?.request_headers ?? '');
  assert.deepEqual([shown.authorization, shown['webhook-signature']], ['(hidden)', '(hidden)']);
  assert.equal(shown['webhook-id'], message);
  assert.ok(!JSON.stringify(attempt).includes('hunter2') && !JSON.stringify(attempt).includes(signature ?? ''));
});

test('an answer that repeats what is secret is written down without it', async (t) => {
  const { add, tell, untilEnded, attemptsAt } = await setUp(t);
  const server = createServer(({ headers }, response) => {
    const { authorization = '' } = headers;
    response.writeHead(403, { 'x-got': authorization }).end(JSON.stringify({ headers, token: authorization.slice(7) }));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  const headers = [
    { key: 'Authorization', value: 'Bearer sesame-open' },
    { key: 'X-Quoted', value: 'se"same' },
    { key: 'X-Short', value: 'e' },
  ];
  const message = await tell((await add({ url: `http://127.0.0.1:${port}/`, headers })).id, true);
  await untilEnded(message, 'Failed');
  const [attempt] = await attemptsAt(message);
  const { response_headers, response_body } = attempt ?? {};
  assert.match(response_headers ?? '', /"x-got":"\(hidden\)"/);
  const { headers: echoed, token } = JSON.parse(response_body ?? '');
  assert.deepEqual([echoed.authorization, echoed['x-quoted'], token], ['(hidden)', '(hidden)', '(hidden)']);
  assert.deepEqual([echoed['webhook-signature'], echoed['webhook-id'], echoed['x-short']], ['(hidden)', message, 'e']);
});

test('a test message says so, and is tried once', async (t) => {
  const { add, tell, untilEnded, getWebhook, attemptsAt } = await setUp(t);
  const receiver = await startWebhookReceiver(t);
  const { id } = await add({ url: receiver.url });
  receiver.next({ status: 500 });
  const failed = await tell(id, true);
  await untilEnded(failed, 'Failed');
  assert.equal((await attemptsAt(failed)).length, 1);
  assert.notEqual((await getWebhook(id)).rests_until, 0);
  // A webhook that rests is woken for it: somebody waits.
  await untilEnded(await tell(id, true), 'Delivered');
  assert.deepEqual(
    receiver.messages.map(({ headers }) => headers.test),
    ['test', 'test'],
  );
  assert.equal((await getWebhook(id)).failures, 0);
});

test('messages come one at a time, in the order of what happened', async (t) => {
  const { add, tell, untilEnded } = await setUp(t);
  const receiver = await startWebhookReceiver(t, { usual: { status: 204, afterMs: 5 } });
  const { id } = await add({ url: receiver.url });
  const ids: string[] = [];
  for (let count = 0; count < 20; count++) ids.push(await tell(id));
  for (const message of ids) await untilEnded(message, 'Delivered');
  assert.deepEqual(
    receiver.messages.map((message) => message.id),
    ids,
  );
});

test('a failed message is sent again under its id, later and later, while its webhook rests; then the others follow', async (t) => {
  const { add, tell, time, goTo, untilAttempts, untilEnded, getWebhook, find, outcomes } = await setUp(t);
  const receiver = await startWebhookReceiver(t, { usual: { status: 500, body: 'x'.repeat(10_000) } });
  const { id } = await add({ url: receiver.url });
  const first = await tell(id);
  const [attempt] = await untilAttempts(first, 1);
  const second = await tell(id);
  assert.equal(attempt?.error, `${new URL(receiver.url).host} answered 500.`);
  assert.equal(attempt?.response_body, 'x'.repeat(4096));
  for (const [index, seconds] of [1, 2, 4, 8].entries()) {
    const { rests_until, failures } = await getWebhook(id);
    assert.deepEqual([rests_until - time.now, failures], [seconds * 1000, index + 1]);
    assert.equal(((await find(first))?.due_at ?? 0) - time.now, seconds * 1000);
    goTo(rests_until);
    await untilAttempts(first, index + 2);
  }
  assert.ok(receiver.messages.every((message) => message.id === first));
  receiver.usually('take');
  goTo((await getWebhook(id)).rests_until);
  await untilEnded(second, 'Delivered');
  assert.deepEqual(
    receiver.messages.slice(-2).map((message) => message.id),
    [first, second],
  );
  const { failures, failing_since, rests_until } = await getWebhook(id);
  assert.deepEqual([failures, failing_since, rests_until], [0, null, 0]);
  assert.deepEqual(outcomes, [...Array(5).fill('postponed'), 'delivered', 'delivered']);
});

test('what is wrong with one message does not hold up the others', async (t) => {
  const { add, tell, untilEnded, untilAttempts, goTo, time, find } = await setUp(t);
  const receiver = await startWebhookReceiver(t);
  const { id } = await add({ url: receiver.url });
  receiver.next({ status: 422 });
  const [refused, other] = [await tell(id), await tell(id)];
  await untilEnded(other, 'Delivered');
  const [attempt] = await untilAttempts(refused, 1);
  assert.match(attempt?.error ?? '', /answered 422\.$/);
  assert.equal((await find(refused))?.status, 'Pending');
  goTo(time.now + 1000);
  await untilEnded(refused, 'Delivered');
});

test('silence is a failure that says so', async (t) => {
  const { add, tell, untilAttempts } = await setUp(t, 200);
  const receiver = await startWebhookReceiver(t, { usual: 'silence' });
  const [attempt] = await untilAttempts(await tell((await add({ url: receiver.url })).id), 1);
  assert.match(attempt?.error ?? '', / did not answer within 0\.2 s\.$/);
});

test('connections that are cut or refused and redirects are failures that say so', async (t) => {
  const { add, tell, untilAttempts } = await setUp(t);
  const receiver = await startWebhookReceiver(t);
  const elsewhere = await startWebhookReceiver(t);
  const redirect = { status: 307, headers: { location: elsewhere.url } };
  for (const [reception, words] of [
    ['cut', / cut the connection before it had answered \(ECONNRESET\)\.$/],
    [redirect, / answered 307, a redirect, which is not followed: give the webhook the url that it leads to\.$/],
  ] as const) {
    const { id } = await add({ url: receiver.url });
    receiver.next(reception);
    const [attempt] = await untilAttempts(await tell(id), 1);
    assert.match(attempt?.error ?? '', words);
  }
  assert.equal(elsewhere.messages.length, 0);
  for (const [url, words] of [
    ['http://127.0.0.1:1/', /^127\.0\.0\.1:1 refused the connection \(ECONNREFUSED\)\.$/],
    [receiver.url.replace('http:', 'https:'), / did not speak TLS as it should/],
    ['http://10.255.255.1/', /^10\.255\.255\.1 is an address that webhooks may not reach: /],
    ['http://nowhere.invalid/', /^nowhere\.invalid (is a name that no name server knows|could not be looked up)/],
  ] as const) {
    const { id } = await add({ url });
    const [attempt] = await untilAttempts(await tell(id), 1);
    assert.match(attempt?.error ?? '', words);
    assert.equal(attempt?.response_status, null);
  }
});

test('of an answer that does not end the status counts', async (t) => {
  const { add, tell, untilEnded, attemptsAt } = await setUp(t, 3000);
  const receiver = await startWebhookReceiver(t, { usual: 'begin' });
  const message = await tell((await add({ url: receiver.url })).id);
  await untilEnded(message, 'Delivered');
  assert.equal((await attemptsAt(message))[0]?.response_body, 'Working on');
});

test('a receiver that asks for a pause has it, for an hour at most', async (t) => {
  const { add, tell, untilAttempts, getWebhook, time } = await setUp(t);
  const receiver = await startWebhookReceiver(t);
  const date = new Date(Math.ceil(time.now / 1000) * 1000 + 120_000);
  for (const [header, seconds] of [
    ['90', 90],
    [date.toUTCString(), (date.getTime() - time.now) / 1000],
    ['999999', 3600],
    ['soon', 1],
  ] as const) {
    const { id } = await add({ url: receiver.url });
    receiver.next({ status: 429, headers: { 'retry-after': header } });
    await untilAttempts(await tell(id), 1);
    assert.equal((await getWebhook(id)).rests_until - time.now, seconds * 1000, header);
  }
});

test('an endpoint that answers 410 is disabled at once, with a note', async (t) => {
  const { add, tell, untilEnded, getWebhook, lanes } = await setUp(t);
  const receiver = await startWebhookReceiver(t, { usual: { status: 410, afterMs: 20 } });
  const { id } = await add({ url: receiver.url });
  const messages = [await tell(id), await tell(id)];
  for (const message of messages) await untilEnded(message, 'Failed');
  const { is_active, note } = await getWebhook(id);
  assert.equal(is_active, 0);
  assert.match(note ?? '', /^Disabled at 20\S+Z: 127\.0\.0\.1:\d+ answered 410: it is gone for good\.$/);
  await lanes.stop();
  assert.equal(receiver.messages.length, 1);
});

test('a webhook that is dead for a day is disabled, and what it has waiting is given up', async (t) => {
  const { add, tell, goTo, time, untilEnded, untilAttempts, getWebhook, database, attemptsAt } = await setUp(t);
  const receiver = await startWebhookReceiver(t, { usual: { status: 503 }, isStrict: false });
  const { id } = await add({ url: receiver.url });
  const began = time.now;
  const first = await tell(id);
  for (let count = 1; (await getWebhook(id)).is_active === 1; count++) {
    await untilAttempts(first, count);
    const { due_at } = await database.read
      .selectFrom('webhook_messages')
      .select('due_at')
      .where('id', '=', first)
      .executeTakeFirstOrThrow();
    if (time.now - began < 23 * HOUR_MS) assert.equal((await getWebhook(id)).is_active, 1);
    goTo(due_at);
    assert.ok(count < 60);
    await until('the next attempt', async () => (await attemptsAt(first)).length > count);
  }
  const late = await tell(id);
  await untilEnded(first, 'Failed');
  assert.equal((await attemptsAt(late)).length, 0);
  const { note } = await getWebhook(id);
  const since = new Date(began).toISOString();
  assert.ok(note?.includes(`: every attempt since ${since} failed, the last one with this: 127.0.0.1:`), `${note}`);
  assert.match(note ?? '', / answered 503\.$/);
  assert.ok(time.now - began >= 24 * HOUR_MS && time.now - began < 26 * HOUR_MS);
});

test('a message that its receiver refuses for a day is given up, and its webhook lives where others arrive', async (t) => {
  const { add, tell, time, goTo, find, untilAttempts, untilEnded, getWebhook } = await setUp(t);
  const receiver = await startWebhookReceiver(t, { isStrict: false });
  const { id } = await add({ url: receiver.url });
  receiver.usually({ status: 400 });
  const refused = await tell(id);
  for (let count = 1; (await find(refused))?.status === 'Pending'; count++) {
    await untilAttempts(refused, count);
    receiver.usually('take');
    await untilEnded(await tell(id), 'Delivered');
    receiver.usually({ status: 400 });
    const row = await find(refused);
    if (row?.status !== 'Pending') break;
    goTo(Math.max(row.due_at, time.now));
  }
  assert.equal((await find(refused))?.status, 'Failed');
  assert.equal((await getWebhook(id)).is_active, 1);
});

test('while a secret rotates the former one signs as well, and then no more', async (t) => {
  const { add, tell, untilEnded, time } = await setUp(t);
  const former = `whsec_${randomBytes(32).toString('base64')}`;
  const receiver = await startWebhookReceiver(t);
  const secrets = { current: MESSAGE_SECRET, former: { secret: former, until: time.now + 1000 } };
  const { id } = await add({ url: receiver.url, secrets });
  await untilEnded(await tell(id), 'Delivered');
  time.now += 1000;
  await untilEnded(await tell(id), 'Delivered');
  const [during, after] = receiver.messages;
  assert.ok(during !== undefined && after !== undefined);
  const [first] = during.headers['webhook-signature']?.split(' ') ?? [];
  assert.equal(during.headers['webhook-signature']?.split(' ').length, 2);
  new Webhook(former).verify(during.body, during.headers);
  new Webhook(MESSAGE_SECRET).verify(during.body, { ...during.headers, 'webhook-signature': first ?? '' });
  assert.throws(() => new Webhook(former).verify(after.body, after.headers));
});

test('slow endpoints do not hold up another one', async (t) => {
  const { add, tell, untilEnded, find } = await setUp(t);
  const slow = await startWebhookReceiver(t, { usual: 'silence' });
  const quick = await startWebhookReceiver(t);
  const held: string[] = [];
  for (let count = 0; count < 10; count++) held.push(await tell((await add({ url: slow.url })).id));
  await until('all of them are being sent', () => slow.messages.length === held.length);
  const { id } = await add({ url: quick.url });
  for (let count = 0; count < 3; count++) await untilEnded(await tell(id), 'Delivered');
  for (const message of held) assert.equal((await find(message))?.status, 'Pending');
});

test('more webhooks than there are lanes all have their turn, also beside those that always have something', async (t) => {
  const { add, tell, untilEnded } = await setUp(t);
  const slow = await startWebhookReceiver(t, { usual: { status: 200, afterMs: 300 } });
  const quick = await startWebhookReceiver(t);
  for (let count = 0; count < 40; count++) {
    const { id } = await add({ url: slow.url });
    for (let each = 0; each < 8; each++) await tell(id);
  }
  const last = await tell((await add({ url: quick.url })).id);
  await untilEnded(last, 'Delivered');
  assert.ok(slow.messages.length < 40 * 8);
});

test('who was told of something just now need not wait for those that are always behind', async (t) => {
  const { add, tell, untilEnded, time } = await setUp(t);
  const slow = await startWebhookReceiver(t, { usual: { status: 200, afterMs: 1100 } });
  const quick = await startWebhookReceiver(t);
  for (let count = 0; count < 40; count++) {
    const { id } = await add({ url: slow.url });
    for (let each = 0; each < 8; each++) await tell(id);
  }
  time.now += 1000;
  const last = await tell((await add({ url: quick.url })).id);
  const every = setInterval(() => {
    time.now += 10;
  }, 10);
  t.after(() => clearInterval(every));
  await untilEnded(last, 'Delivered');
  assert.ok(slow.messages.length < 40 * 3, `${slow.messages.length} others went before`);
});

test('nothing is sent to a webhook that is inactive, or whose app was deleted, and nothing is written of one that is gone', async (t) => {
  const { add, tell, database, untilEnded, app, errors, lanes, time } = await setUp(t);
  const receiver = await startWebhookReceiver(t);
  const [inactive, gone, working] = [
    await add({ url: receiver.url, isActive: false }),
    await add({ url: receiver.url }),
    await add({ url: receiver.url }),
  ];
  await tell(inactive.id);
  receiver.next({ status: 200, afterMs: 100 });
  await tell(gone.id);
  await until('it is being sent', () => receiver.messages.length === 1);
  await database.transaction((queries) => deleteWebhookRow(queries, gone.id));
  await untilEnded(await tell(working.id), 'Delivered');
  await database.transaction((queries) => markAppDeleted(queries, app.id, time.now));
  const late = await tell(working.id);
  await lanes.stop();
  const attempts = await database.read.selectFrom('webhook_attempts').select('message_id').execute();
  assert.equal(attempts.length, 1);
  assert.ok(receiver.messages.every(({ id }) => id !== late));
  assert.equal(receiver.messages.length, 2);
  assert.deepEqual(errors, []);
});

test('a webhook that is disabled while a message is under way says what became of that one', async (t) => {
  const { add, tell, database, untilEnded, untilAttempts, time } = await setUp(t);
  const receiver = await startWebhookReceiver(t, { usual: { status: 200, afterMs: 100 } });
  const { id } = await add({ url: receiver.url });
  const messages = [await tell(id), await tell(id)];
  await until('one is being sent', () => receiver.messages.length === 1);
  await database.transaction((queries) => deactivateWebhook(queries, id, { at: time.now, note: null }));
  await untilAttempts(messages[0] ?? '', 1);
  await untilEnded(messages[0] ?? '', 'Delivered');
  await untilEnded(messages[1] ?? '', 'Failed');
});

test('a webhook that gets another url is not judged by the former one', async (t) => {
  const { add, tell, database, untilEnded, getWebhook } = await setUp(t);
  const former = await startWebhookReceiver(t, { usual: { status: 410, afterMs: 100 } });
  const next = await startWebhookReceiver(t);
  const { id } = await add({ url: former.url });
  const message = await tell(id);
  await until('it is being sent', () => former.messages.length === 1);
  await database.transaction((queries) => updateWebhook(queries, id, { url: next.url }));
  await untilEnded(message, 'Delivered');
  assert.equal(next.messages[0]?.id, message);
  assert.equal((await getWebhook(id)).is_active, 1);
});

test('a webhook that gets another secret or other headers is not judged by the former ones', async (t) => {
  const { add, tell, box, database, untilEnded, getWebhook, find } = await setUp(t);
  const receiver = await startWebhookReceiver(t);
  const row = await add({ url: receiver.url });
  const headers = () => sealWebhookHeaders(box, row, [{ key: 'x-mended', value: '1' }]);
  const secrets = () => sealWebhookSecrets(box, row, { current: MESSAGE_SECRET });
  for (const change of [() => ({ headers: headers() }), () => ({ secrets: secrets() })]) {
    receiver.next({ status: 401, afterMs: 100 });
    const before = receiver.messages.length;
    const message = await tell(row.id);
    await until('it is being sent', () => receiver.messages.length > before);
    await database.transaction((queries) => updateWebhook(queries, row.id, change()));
    await untilEnded(message, 'Delivered');
    assert.equal((await find(message))?.attempts, 2);
    assert.equal((await getWebhook(row.id)).failures, 0);
  }
});

test('what was put off by a clock that was days ahead does not wait for these days', async (t) => {
  const { add, tell, untilAttempts, untilEnded, time, goTo } = await setUp(t);
  const receiver = await startWebhookReceiver(t, { isStrict: false });
  const { id } = await add({ url: receiver.url });
  const right = time.now;
  time.now += 2 * 24 * HOUR_MS;
  receiver.next({ status: 503 });
  const message = await tell(id);
  await untilAttempts(message, 1);
  goTo(right);
  await untilEnded(message, 'Delivered');
});

test('a webhook that has much waiting is deleted a page at a time', async (t) => {
  const { add, app, database, clock } = await setUp(t);
  const { id } = await add({ url: 'http://127.0.0.1:1/', isActive: false });
  await database.transaction(async (queries) => {
    const message = { webhookId: id, eventType: 'build.queued', payload: '{}', at: 1 } as const;
    for (let count = 0; count < 600; count++) await insertMessage(queries, message);
  });
  const countWaiting = () => countPendingMessages(database.read);
  let most = 0;
  const watched = {
    ...database,
    async transactionInReserve<T>(work: (queries: Queries) => Promise<T>) {
      const before = await countWaiting();
      const result = await database.transactionInReserve(work);
      most = Math.max(most, before - (await countWaiting()));
      return result;
    },
  };
  const user = { id: 'richard', login: 'richard' as Login, name: 'Richard Ford', isAdmin: false };
  await deleteWebhook({ database: watched, clock }, { user, app, webhookId: id });
  assert.deepEqual([most, await countWaiting(), await findAnyWebhook(database.read, id)], [250, 0, undefined]);
});

test('what ended is sent once more under the same id when it is asked for', async (t) => {
  const { add, tell, database, untilEnded, attemptsAt, time } = await setUp(t);
  const receiver = await startWebhookReceiver(t);
  const { id } = await add({ url: receiver.url });
  const message = await tell(id);
  await untilEnded(message, 'Delivered');
  assert.ok(await database.transaction((queries) => resendMessage(queries, message, time.now)));
  await until('it has come again', () => receiver.messages.length === 2);
  await untilEnded(message, 'Delivered');
  assert.deepEqual([...new Set(receiver.messages.map((got) => got.id))], [message]);
  assert.equal((await attemptsAt(message)).length, 2);
});

test('a secret that cannot be read is a failure that says so', async (t) => {
  const { add, tell, database, untilAttempts } = await setUp(t);
  const receiver = await startWebhookReceiver(t);
  const { id } = await add({ url: receiver.url });
  await database.transaction((queries) => updateWebhook(queries, id, { secrets: 'v1.abc.def.ghi' }));
  const [attempt] = await untilAttempts(await tell(id), 1);
  assert.match(attempt?.error ?? '', /cannot be read.*give it another secret\.$/);
  assert.equal(receiver.messages.length, 0);
});

test('what cannot be written down is not sent, and is once there is room again', async (t) => {
  const { add, tell, lanes, open, untilEnded, goTo, time, errors } = await setUp(t);
  await lanes.stop();
  const receiver = await startWebhookReceiver(t);
  let hasRoom = false;
  const outbox = open({ hasRoom: async () => hasRoom });
  const message = await tell((await add({ url: receiver.url })).id);
  outbox.wake();
  await outbox.stop();
  assert.equal(receiver.messages.length, 0);
  hasRoom = true;
  goTo(time.now);
  open({ hasRoom: async () => hasRoom }).wake();
  await untilEnded(message, 'Delivered');
  assert.deepEqual(errors, []);
});

test('messages that ended long ago are deleted with their attempts, a page at a time', async (t) => {
  const { add, tell, database, untilEnded, time, find } = await setUp(t);
  const receiver = await startWebhookReceiver(t);
  const { id } = await add({ url: receiver.url });
  const old: string[] = [];
  for (let count = 0; count < 5; count++) old.push(await tell(id));
  for (const message of old) await untilEnded(message, 'Delivered');
  time.now += 1000;
  const young = await tell(id);
  await untilEnded(young, 'Delivered');
  const sweep = () => database.transaction((queries) => deleteMessagesEndedBefore(queries, time.now, 2));
  assert.deepEqual([await sweep(), await sweep(), await sweep(), await sweep()], [2, 2, 1, 0]);
  assert.equal((await find(young))?.status, 'Delivered');
  assert.equal((await database.read.selectFrom('webhook_attempts').select('id').execute()).length, 1);
});
