import assert from 'node:assert/strict';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { after, test } from 'node:test';
import { pino } from 'pino';
import { startServer } from '../../src/main/server.ts';
import { EVENT_TYPES } from '../../src/protocol/webhook-events.ts';
import { HIDDEN, WEBHOOK_LIMITS } from '../../src/protocol/webhooks.ts';
import { RESERVED_HEADERS } from '../../src/webhooks/message-headers.ts';
import { createUser, openBuildApiWorld } from '../support/build-api-world.ts';
import { filesWith } from '../support/files-with.ts';
import { type Credentials, call, startTestServer, testConfiguration } from '../support/server.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { webhookCalls } from '../support/webhook-calls.ts';

/** The documented calls that manage webhooks: their shapes, what clients may send, and what they are refused. */
const world = await openBuildApiWorld({ after }, { buildSlots: 0 });
const { server } = world;
const webhooks = webhookCalls(server, world.richard);

/** The documented example. */
const EXAMPLE = {
  name: 'string',
  url: 'https://some.domain.com/webhooks',
  eventTypes: ['teamserver.push'],
  isActive: true,
  validationSecret: 'PMJhiGo1nTL6wlNyZVFh5v9rLZdcLsG2O',
  headers: [{ key: 'Authorization', value: 'Bearer DG4R4GT6R43' }],
};
const NEW = { name: 'CI', url: 'https://ci.example.com/hook', eventTypes: ['build.failed'] };

async function create(fields: object = {}) {
  const { status, body, text } = await webhooks('POST', '', { ...NEW, ...fields });
  assert.equal(status, 200, text);
  return body;
}

async function deleteAll(): Promise<void> {
  for (;;) {
    const { body } = await webhooks('GET', '?limit=100');
    if (body.webhooks.length === 0) return;
    for (const { id } of body.webhooks) assert.equal((await webhooks('DELETE', `/${id}`)).status, 204);
  }
}

test('a webhook is created, listed, shown, updated and deleted as documented', async () => {
  const byUuid = webhookCalls(server, world.richard, world.projectId.toUpperCase());
  const created = await byUuid('POST', '', EXAMPLE);
  assert.equal(created.status, 200, created.text);
  const { id, createdAt, ...rest } = created.body;
  assert.match(id, /^mxep_[A-Za-z0-9]{32}$/);
  assert.ok(Math.abs(Date.parse(createdAt) - Date.now()) < 60_000);
  const standing = { note: null, failures: 0, failingSince: null };
  const headers = [{ key: 'Authorization', value: HIDDEN }];
  assert.deepEqual(rest, { ...EXAMPLE, headers, ...standing, formerSecretUntil: null });

  const { validationSecret, headers: _, ...listed } = { id, ...EXAMPLE };
  assert.deepEqual((await webhooks('GET', '/')).body, { webhooks: [{ ...listed, ...standing }], cursors: {} });
  const shown = await byUuid('GET', `/${id}/`);
  assert.equal(shown.status, 200);
  assert.deepEqual(shown.body, { ...created.body, validationSecret: HIDDEN });

  const change = { ...EXAMPLE, name: 'Another name', eventTypes: ['package.uploaded'], isActive: false };
  const updated = await byUuid('PUT', `/${id}`, change);
  assert.equal(updated.status, 202, updated.text);
  assert.deepEqual(updated.body, { ...created.body, ...change, headers });
  assert.deepEqual((await webhooks('GET', `/${id}`)).body, { ...updated.body, validationSecret: HIDDEN });

  const deleted = await byUuid('DELETE', `/${id}`);
  assert.deepEqual([deleted.status, deleted.text], [204, '']);
  assert.deepEqual((await webhooks('GET')).body, { webhooks: [], cursors: {} });
  for (const method of ['GET', 'PUT', 'DELETE']) {
    const { status, body } = await webhooks(method, `/${id}`, method === 'PUT' ? {} : undefined);
    assert.deepEqual([status, body.errorCode], [404, 'WEBHOOK_NOT_FOUND'], method);
  }
});

test('what is left out is made, or stays as it is', async () => {
  const created = await create({ validationSecret: '', headers: null });
  assert.match(created.validationSecret, /^whsec_[A-Za-z0-9+/]{43}=$/);
  assert.deepEqual([created.isActive, created.headers], [true, []]);
  assert.notEqual((await create()).validationSecret, created.validationSecret);
  const path = `/${created.id}`;
  assert.deepEqual((await webhooks('PUT', path)).body, { ...created, validationSecret: HIDDEN });
  const renamed = await webhooks('PUT', path, { name: 'Renamed', validationSecret: null });
  assert.deepEqual(renamed.body, { ...created, name: 'Renamed', validationSecret: HIDDEN });
  await deleteAll();
});

test('bodies are read as leniently as everywhere', async () => {
  const spellings = [
    '{"Name": CI, "URL": "https://ci.example.com", "eventtypes": [build.failed, build.failed]}',
    `name=CI&url=${encodeURIComponent('https://ci.example.com')}&eventTypes=build.failed&isActive=true`,
    JSON.stringify({ ...NEW, url: 'https://ci.example.com', eventTypes: 'build.failed', more: { than: 'known' } }),
  ];
  for (const body of spellings) {
    const { status, text, body: created } = await webhooks('POST', '', body);
    assert.equal(status, 200, text);
    const { name, url, eventTypes, isActive } = created;
    assert.deepEqual([name, url, eventTypes, isActive], ['CI', 'https://ci.example.com', ['build.failed'], true]);
  }
  await deleteAll();
});

test('what no webhook can be is refused, says why, and names the parameter as documented', async () => {
  const { id } = await create();
  const refused = async (fields: object, name: string, sentence: RegExp) => {
    const both = [await webhooks('POST', '', { ...NEW, ...fields }), await webhooks('PUT', `/${id}`, fields)];
    for (const { status, body } of both) {
      assert.equal(status, 400, JSON.stringify(fields));
      const message = body.errorMessage;
      assert.match(message, sentence);
      assert.deepEqual(body, {
        errorCode: 'INVALID_PARAMETERS',
        errorMessage: message,
        error: { code: 400, message, 'invalid-params': [{ name, reason: message }] },
      });
    }
  };
  await refused({ name: 'my-hook' }, 'name', /^name is 'my-hook': give up to 200 letters, digits, underscores/);
  await refused({ name: '' }, 'name', /^name is ''/);
  await refused({ name: ' ' }, 'name', /^name is ' '/);
  await refused({ name: 'x'.repeat(201) }, 'name', /^name is /);
  await refused({ url: 'ci.example.com' }, 'url', /^The url is 'ci\.example\.com': give one that begins with http/);
  await refused({ url: 'https://me:hush@ci.example.com' }, 'url', /without blanks, a user name, a password/);
  await refused({ url: 'http://127.0.0.1:9/' }, 'url', /^The url leads to 127\.0\.0\.1, .*SLIPWAY_WEBHOOK_NETWORKS/);
  await refused({ url: `https://a.example/${'x'.repeat(2000)}` }, 'url', /^url has 2018 characters: give at most 2000/);
  await refused({ url: 5 }, 'url', /^url is '5'/);
  await refused({ eventTypes: [] }, 'eventTypes', /^eventTypes is empty: give some of package\.uploaded/);
  await refused({ eventTypes: ['build.done'] }, 'eventTypes', /^eventTypes has 'build\.done', which is no event/);
  await refused({ isActive: 'perhaps' }, 'isActive', /^isActive is 'perhaps': give true or false/);
  await refused({ validationSecret: 'short' }, 'validationSecret', /^validationSecret is not spelled like one/);
  await refused({ validationSecret: `-${'x'.repeat(40)}` }, 'validationSecret', /^validationSecret is not spelled/);
  await refused({ validationSecret: 'x'.repeat(101) }, 'validationSecret', /^validationSecret is not spelled/);
  const missing = Object.keys(NEW);
  for (const field of missing) {
    const { body } = await webhooks('POST', '', { ...NEW, [field]: null });
    assert.equal(body.errorMessage, `Not enough parameters given. Please set ${field}.`);
  }
  const { body: masked } = await webhooks('POST', '', { ...NEW, validationSecret: HIDDEN });
  assert.match(masked.errorMessage, /^validationSecret is \*{8}, which only hides one/);
  await deleteAll();
});

test('headers that a webhook cannot set are refused, and their values are in no message', async () => {
  const refused = async (headers: unknown, sentence: RegExp) => {
    const { status, text, body } = await webhooks('POST', '', { ...NEW, headers });
    assert.equal(status, 400, JSON.stringify(headers));
    assert.match(body.errorMessage, sentence);
    assert.equal(body.error['invalid-params'][0].name, 'headers');
    assert.ok(!text.includes('sesame'), text);
  };
  const one = (key: unknown, value: unknown = 'sesame') => [{ key, value }];
  const cannotSet = ['User-Agent', 'te', 'Content-Length', 'content-TYPE', 'Host', 'Connection', 'accept', 'test'];
  for (const key of [...cannotSet, ...RESERVED_HEADERS.filter((name) => !name.startsWith('webhook-'))])
    await refused(one(key), /which a webhook cannot set: leave it out\.$/);
  const prefixed = ['X-Amz-Date', 'x-amzn-trace', 'x-google', 'X-Goog-Meta', 'x-gfe', 'x-azure-ref', 'X-FD-Ref'];
  for (const key of [...prefixed, 'x-svix-id', 'svix-id', 'Webhook-Id']) await refused(one(key), /that begin with /);
  for (const key of ['', 'a b', 'a:b', 'ü', 5]) await refused(one(key), /the name of an HTTP header|two texts/);
  await refused(one('X-A', 'sesame\r\nX-B: c'), /^The value of the header 'X-A' holds a line break/);
  await refused(one('X-A', 'sesame\u2028'), /^The value of the header 'X-A' holds/);
  await refused([...one('X-A'), ...one('x-a')], /^headers has 'x-a' twice/);
  await refused(
    Array.from({ length: 21 }, (_, at) => one(`X-${at}`)[0]),
    /^headers has 21 entries: give at most 20/,
  );
  await refused(one('X-A', 'sesame'.repeat(2000)), /^headers has 12003 characters: give at most 8192/);
  await refused({ Authorization: 'sesame' }, /^headers is no list/);
  await refused(['X-A: sesame'], /^headers\[0\] is not an object/);
  await refused(one('X-A', HIDDEN), /^The webhook has no header 'X-A' whose value could be kept/);
});

test('a hidden value that is sent back keeps what is there', async () => {
  const headers = [
    { key: 'Authorization', value: 'Bearer one' },
    { key: 'X-Team', value: 'tools' },
  ];
  const { id } = await create({ validationSecret: EXAMPLE.validationSecret, headers });
  const { createdAt, note, failures, ...shown } = (await webhooks('GET', `/${id}`)).body;
  assert.deepEqual(
    shown.headers.map(({ value }: { value: string }) => value),
    [HIDDEN, HIDDEN],
  );
  const kept = await webhooks('PUT', `/${id}`, { ...shown, name: 'Same' });
  assert.equal(kept.status, 202, kept.text);
  assert.equal(kept.body.formerSecretUntil, null);
  const less = await webhooks('PUT', `/${id}`, { headers: [{ key: 'x-team', value: HIDDEN }] });
  assert.deepEqual(less.body.headers, [{ key: 'x-team', value: HIDDEN }]);
  const gone = await webhooks('PUT', `/${id}`, { headers: [{ key: 'Authorization', value: HIDDEN }] });
  assert.match(gone.body.errorMessage, /^The webhook has no header 'Authorization'/);
  assert.deepEqual((await webhooks('PUT', `/${id}`, { headers: [] })).body.headers, []);
  await deleteAll();
});

test('another secret begins a rotation of a day; the same one begins none', async () => {
  const secret = (letter: string) => letter.repeat(40);
  const { id } = await create({ validationSecret: secret('a') });
  const same = await webhooks('PUT', `/${id}`, { validationSecret: secret('a') });
  assert.deepEqual([same.body.validationSecret, same.body.formerSecretUntil], [secret('a'), null]);
  const { body } = await webhooks('PUT', `/${id}`, { validationSecret: secret('b') });
  assert.equal(body.validationSecret, secret('b'));
  const day = 24 * 60 * 60 * 1000;
  assert.ok(Math.abs(Date.parse(body.formerSecretUntil) - Date.now() - day) < 60_000);
  assert.equal((await webhooks('GET', `/${id}`)).body.formerSecretUntil, body.formerSecretUntil);
  const audit = (await server.call('GET', '/manage/1/audit?limit=3')).body;
  assert.deepEqual(
    audit.map(({ Action }: { Action: string }) => Action),
    ['webhook.rotate', 'webhook.update', 'webhook.update'],
  );
  await deleteAll();
});

test('lists have pages, by their creation and either way', async () => {
  for (const name of ['a', 'b', 'c', 'd', 'e']) await create({ name });
  const page = async (query: string) => {
    const { status, body, text } = await webhooks('GET', `?limit=2${query}`);
    assert.equal(status, 200, text);
    return { names: body.webhooks.map(({ name }: { name: string }) => name).join(''), ...body.cursors };
  };
  const first = await page('');
  assert.deepEqual([first.names, first.prev], ['ed', undefined]);
  const second = await page(`&cursor=${first.next}`);
  const third = await page(`&cursor=${second.next}`);
  assert.deepEqual([second.names, third.names, third.next], ['cb', 'a', undefined]);
  assert.equal((await page(`&cursor=${third.prev}`)).names, 'cb');
  const back = await page(`&cursor=${second.prev}`);
  assert.deepEqual([back.names, back.prev], ['ed', undefined]);
  const oldest = await page('&ascOrder=true');
  assert.equal(oldest.names, 'ab');
  assert.equal((await page(`&ascOrder=true&cursor=${oldest.next}`)).names, 'cd');
  await create({ name: 'f' });
  assert.equal((await page(`&cursor=${first.next}`)).names, 'cb', 'what comes meanwhile moves nothing');
  for (const [query, name] of [
    ['cursor=nonsense', 'cursor'],
    ['limit=0', 'limit'],
    ['ascOrder=up', 'ascOrder'],
  ]) {
    const { status, body } = await webhooks('GET', `?${query}`);
    assert.deepEqual([status, body.error['invalid-params'][0].name], [400, name]);
  }
  await deleteAll();
});

test('an app has so many webhooks and no more, also when many are created at once', async () => {
  const answers = await Promise.all(Array.from({ length: WEBHOOK_LIMITS.perApp + 5 }, () => webhooks('POST', '', NEW)));
  assert.equal(answers.filter(({ status }) => status === 200).length, WEBHOOK_LIMITS.perApp);
  const refused = answers.find(({ status }) => status === 400);
  assert.equal(refused?.body.errorMessage, "The app 'calc' has 50 webhooks already: delete one first.");
  await deleteAll();
});

test('every error has both shapes, whatever it is about', async () => {
  const nobody: Credentials = { username: 'nobody', apiKey: 'none' };
  const answers = [
    [401, await webhookCalls(server, nobody)('GET')],
    [400, await webhookCalls(server, world.richard, 'no_app')('GET')],
    [404, await webhookCalls(server, world.richard, 'none')('GET')],
    [404, await webhookCalls(server, world.stranger)('GET')],
    [404, await webhooks('GET', '/mxep_none')],
    [404, await webhooks('GET', '/a/b/c/d/e')],
    [405, await webhooks('PATCH')],
    [400, await webhooks('POST', '', '{"name": "CI", "validationSecret": "sesame')],
    [400, await webhooks('POST', '', ['sesame'])],
    [413, await webhooks('POST', '', 'x'.repeat(1024 * 1024 + 1))],
  ] as const;
  for (const [status, answer] of answers) {
    assert.equal(answer.status, status, answer.text);
    const { errorCode, errorMessage, error } = answer.body;
    assert.equal(typeof errorCode, 'string');
    assert.deepEqual([error.code, error.message], [status, errorMessage]);
    assert.ok(!answer.text.includes('sesame'));
  }
  assert.deepEqual(answers[2][1].body, answers[3][1].body, 'a hidden app is like none');
});

test('a webhook of another app is none', async () => {
  const { id } = await create();
  await server.call('POST', '/manage/1/apps', { AppId: 'other', Repository: world.repository.path });
  const other = webhookCalls(server, server.admin, 'other');
  for (const [method, path] of [
    ['GET', `/${id}`],
    ['PUT', `/${id}`],
    ['DELETE', `/${id}`],
    ['GET', `/${id}/messages`],
    ['POST', `/${id}/test`],
    ['POST', `/${id}/redeliver`],
  ] as const) {
    assert.equal((await other(method, path, method === 'GET' ? undefined : {})).body.errorCode, 'WEBHOOK_NOT_FOUND');
  }
  await deleteAll();
});

test('reading needs API Rights, writing Transport Rights as well, and tokens their scopes', async () => {
  const { id } = await create();
  const reader = await createUser(server, 'reader', 'Reader');
  await server.call('PUT', '/manage/1/apps/calc/permissions/reader', { Rights: ['api'] });
  const asReader = webhookCalls(server, reader);
  assert.equal((await asReader('GET', `/${id}`)).status, 200);
  const refused = await asReader('POST', '', NEW);
  assert.deepEqual([refused.status, refused.body.errorCode, refused.body.error.code], [403, 'NO_ACCESS', 403]);
  assert.match(refused.body.errorMessage, /slipway grant reader calc --rights transport/);

  const withScope = async (scope: string) => {
    const keys = `/manage/1/users/${world.richard.username}/keys`;
    const { Key } = (await server.call('POST', keys, { Scopes: [scope] })).body;
    const send = (method: string, body?: object) =>
      fetch(`${server.url}/api/v1/apps/calc/webhooks`, {
        method,
        headers: { Authorization: `MxToken ${Key}` },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
    return [(await send('GET')).status, (await send('POST', NEW)).status];
  };
  assert.deepEqual(await withScope('mx:webhook:read'), [200, 403]);
  assert.deepEqual(await withScope('mx:webhook:write'), [200, 200]);
  assert.deepEqual(await withScope('mx:deployment:write'), [403, 403]);
  await deleteAll();
});

test('what a webhook keeps secret is nowhere: in no answer, no log, no audit and no file', async (t) => {
  const folder = await temporaryFolder(t);
  const log = new PassThrough();
  const lines: Buffer[] = [];
  log.on('data', (chunk: Buffer) => lines.push(chunk));
  const running = await startServer(testConfiguration(folder), pino({ level: 'trace' }, log));
  t.after(() => running.stop());
  const admin = { username: 'admin', apiKey: running.adminKey ?? '' };
  await call(running.url, 'POST', '/manage/1/apps', { AppId: 'calc', Repository: join(folder, 'none') }, admin);
  const ask = webhookCalls({ url: running.url, admin });
  const secrets = ['sesameOneSesameOneSesameOneSesameOne', 'sesameTwoSesameTwoSesameTwoSesameTwo'] as const;
  const headers = [{ key: 'Authorization', value: 'Bearer sesameThree' }];
  const created = await ask('POST', '', { ...NEW, validationSecret: secrets[0], headers });
  const { id } = created.body;
  const updated = await ask('PUT', `/${id}`, { validationSecret: secrets[1] });
  assert.deepEqual([created.body.validationSecret, updated.body.validationSecret], secrets);
  for (const path of ['', `/${id}`, `/${id}/messages`]) assert.ok(!(await ask('GET', path)).text.includes('sesame'));
  const audit = await call(running.url, 'GET', '/manage/1/audit', undefined, admin);
  assert.match(JSON.stringify(audit.body), /webhook\.rotate/);
  assert.ok(!JSON.stringify(audit.body).includes('sesame'));
  await running.stop();
  assert.deepEqual(await filesWith(folder, 'sesame'), []);
  assert.ok(!Buffer.concat(lines).includes('sesame'));
});

test('the OpenAPI document names every event and the documented statuses', async () => {
  const { paths } = (await server.call('GET', '/openapi.json')).body;
  const list = paths['/api/v1/apps/{app}/webhooks'];
  const one = paths['/api/v1/apps/{app}/webhooks/{webhookId}'];
  assert.deepEqual(
    list.post.requestBody.content['application/json'].schema.properties.eventTypes.items.enum,
    EVENT_TYPES,
  );
  assert.ok(list.post.responses[200] && one.put.responses[202] && one.delete.responses[204]);
  assert.equal(one.delete.responses[204].content, undefined);
  assert.match(JSON.stringify(one.get.responses[404]), /schemas\/WebhooksError/);
});

test('a webhook goes with its app', async (t) => {
  const short = await startTestServer(t);
  await short.call('POST', '/manage/1/apps', { AppId: 'calc', Repository: '/nowhere' });
  const { body } = await webhookCalls(short)('POST', '', NEW);
  await short.call('DELETE', '/manage/1/apps/calc');
  await short.call('POST', '/manage/1/apps', { AppId: 'calc', Repository: '/nowhere' });
  assert.equal((await webhookCalls(short)('GET', `/${body.id}`)).status, 404);
  assert.deepEqual((await webhookCalls(short)('GET')).body.webhooks, []);
});
