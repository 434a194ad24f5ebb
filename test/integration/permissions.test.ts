import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { after, test } from 'node:test';
import { createUser, openBuildApiWorld } from '../support/build-api-world.ts';
import type { Answer, Credentials } from '../support/server.ts';

const world = await openBuildApiWorld({ after }, { buildSlots: 0 });
const { server } = world;
const APP = '/manage/1/apps/calc';
await admin('POST', `${APP}/environments`, { Mode: 'Acceptance' });
await admin('POST', `${APP}/environments`, { Mode: 'Production', Production: true });

async function admin(method: string, path: string, body?: unknown): Promise<Answer['body']> {
  const answer = await server.call(method, path, body);
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  return answer.body;
}

const rightsOf = (login: string) => `${APP}/permissions/${login}`;
const rightsOn = (mode: string, login: string) => `${APP}/environments/${mode}/permissions/${login}`;
const stop = (mode: string, who: Credentials) =>
  server.call('POST', `/api/1/apps/calc/environments/${mode}/stop`, {}, who);

async function assertStops(who: Credentials, expected: Readonly<Record<string, number>>): Promise<void> {
  for (const [mode, status] of Object.entries(expected)) {
    const answer = await stop(mode, who);
    assert.equal(answer.status, status, `${mode}: ${JSON.stringify(answer.body)}`);
  }
}

test('rights on an app deploy everywhere but to Production, where API Rights are given by name', async () => {
  const who = await createUser(server, 'deployer', 'A Deployer');
  await admin('PATCH', rightsOf('deployer'), { Grant: ['api', 'transport'] });
  await assertStops(who, { Acceptance: 200, Production: 403 });
  assert.match(
    (await stop('Production', who)).body.errorMessage,
    /^You need API Rights on the environment 'Production'/,
  );
  const { Permissions } = await admin('PATCH', rightsOn('production', 'deployer'), { Grant: ['api'] });
  assert.deepEqual(Permissions, [
    { Login: 'deployer', Name: 'A Deployer', Environment: null, Rights: ['transport', 'api'] },
    { Login: 'deployer', Name: 'A Deployer', Environment: 'Production', Rights: ['transport', 'api'] },
  ]);
  await assertStops(who, { Acceptance: 200, Production: 200 });
});

test('every change of rights takes effect at once', async () => {
  const who = await createUser(server, 'changing', 'Changing');
  await assertStops(who, { Acceptance: 404 });
  await admin('PUT', rightsOn('Acceptance', 'changing'), { Rights: ['api', 'transport'] });
  await assertStops(who, { Acceptance: 200, Production: 403 });
  await admin('PUT', rightsOf('changing'), { Rights: ['alerts'] });
  await admin('PATCH', rightsOn('Acceptance', 'changing'), { Revoke: ['api'], Grant: ['backups'] });
  await assertStops(who, { Acceptance: 403 });
  assert.equal((await server.call('GET', '/api/1/apps/calc/packages', undefined, who)).status, 403);
  await admin('DELETE', rightsOn('Acceptance', 'changing'));
  await admin('PATCH', rightsOf('changing'), { Grant: ['api', 'transport'] });
  await assertStops(who, { Acceptance: 200 });
  assert.deepEqual(await admin('DELETE', rightsOf('changing')), { TechnicalContact: null, Permissions: [] });
  await assertStops(who, { Acceptance: 404 });
});

test('who may do what is listed as it was given, and on an environment as it holds there', async () => {
  await createUser(server, 'lister', 'Lister');
  await admin('PUT', rightsOf('lister'), { Rights: ['api', 'alerts'] });
  await admin('PUT', rightsOn('Acceptance', 'lister'), { Rights: [] });
  const list = async (path: string) =>
    (await admin('GET', path)).Permissions.filter(({ Login }: { Login: string }) => Login === 'lister').map(
      ({ Environment, Rights }: { Environment: string; Rights: string[] }) => [Environment, Rights],
    );
  assert.deepEqual(await list(`${APP}/permissions`), [
    [null, ['api', 'alerts']],
    ['Acceptance', []],
  ]);
  assert.deepEqual(await list(`${APP}/environments/acceptance/permissions`), [['Acceptance', []]]);
  assert.deepEqual(await list(`${APP}/environments/production/permissions`), [['Production', ['alerts']]]);
});

test('who manages the permissions of one environment manages those of no other, and none of the whole app', async () => {
  const who = await createUser(server, 'manager', 'A Manager');
  await admin('PUT', rightsOn('Acceptance', 'manager'), { Rights: ['permissions'] });
  const as = async (method: string, path: string, body?: unknown) =>
    (await server.call(method, path, body, who)).status;
  assert.equal(await as('PATCH', rightsOn('Acceptance', 'stranger'), { Grant: ['api'] }), 200);
  assert.equal(await as('PATCH', rightsOn('Production', 'stranger'), { Grant: ['api'] }), 403);
  assert.equal(await as('PATCH', rightsOf('stranger'), { Grant: ['api'] }), 403);
  assert.equal(await as('PUT', `${APP}/api-rights/stranger`), 403);
  assert.equal(await as('GET', `${APP}/permissions`), 200);
  assert.equal(await as('GET', `${APP}/environments/Production/permissions`), 403);
  assert.equal(await as('GET', '/api/1/apps/calc/packages'), 403);
  // What was taken on one environment is not given back through the whole app.
  await admin('PUT', rightsOf('manager'), { Rights: ['permissions'] });
  assert.equal(await as('PATCH', rightsOf('stranger'), { Grant: ['transport'] }), 200);
  await admin('PUT', rightsOn('Production', 'manager'), { Rights: [] });
  assert.equal(await as('PATCH', rightsOf('stranger'), { Grant: ['transport'] }), 403);
  await admin('DELETE', rightsOf('stranger'));
});

test('a Technical Contact sees the app and manages every permission, without API Rights of its own', async () => {
  const who = await createUser(server, 'dana', 'Dana');
  const as = (method: string, path: string, body?: unknown) => server.call(method, path, body, who);
  assert.equal((await as('GET', APP)).status, 404);
  assert.equal((await admin('PATCH', APP, { TechnicalContact: 'Dana' })).TechnicalContact, 'dana');
  assert.equal((await as('GET', APP)).body.TechnicalContact, 'dana');
  assert.equal((await as('GET', '/manage/1/apps')).body.length, 1);
  const refused = await as('GET', '/api/1/apps/calc/packages');
  assert.deepEqual([refused.status, refused.body.errorCode], [403, 'NO_ACCESS']);
  for (const path of [rightsOf('dana'), rightsOn('Production', 'dana')]) {
    assert.equal((await as('PATCH', path, { Grant: ['api', 'transport'] })).status, 200);
  }
  assert.equal((await as('GET', `${APP}/environments/Production/permissions`)).body.TechnicalContact, 'dana');
  await assertStops(who, { Acceptance: 200, Production: 200 });
  assert.equal((await as('PATCH', APP, { TechnicalContact: null })).status, 403);
  await admin('DELETE', rightsOf('dana'));
  const told = await createUser(server, 'told', 'Told');
  await admin('PUT', rightsOf('told'), { Rights: ['alerts'] });
  assert.match((await stop('Acceptance', told)).body.errorMessage, /ask the Technical Contact dana or an admin to run/);
  assert.equal((await admin('PATCH', APP, { TechnicalContact: null })).TechnicalContact, null);
  assert.equal((await as('GET', APP)).status, 404);
  assert.equal((await server.call('PATCH', APP, { TechnicalContact: 'nobody' })).body.errorCode, 'USER_NOT_FOUND');
});

test('rights on an environment go with it, and one of the same name begins without', async () => {
  const who = await createUser(server, 'passing', 'Passing');
  await admin('POST', `${APP}/environments`, { Mode: 'Passing' });
  await admin('PUT', rightsOn('Passing', 'passing'), { Rights: ['api', 'transport'] });
  await assertStops(who, { Passing: 200 });
  await admin('DELETE', `${APP}/environments/Passing`);
  await assertStops(who, { Acceptance: 404 });
  await admin('POST', `${APP}/environments`, { Mode: 'Passing' });
  await assertStops(who, { Passing: 404 });
});

test('what is wrong in a change of rights is named', async () => {
  const refuse = async (method: string, path: string, body: unknown, code: string) => {
    const answer = await server.call(method, path, body);
    assert.equal(answer.body.errorCode, code, JSON.stringify(answer.body));
  };
  await refuse('PUT', rightsOf('stranger'), { Rights: ['everything'] }, 'INVALID_PARAMETERS');
  await refuse('PUT', rightsOf('stranger'), {}, 'INVALID_PARAMETERS');
  await refuse('PATCH', rightsOf('stranger'), { Grant: [] }, 'INVALID_PARAMETERS');
  await refuse('PATCH', rightsOf('nobody'), { Grant: ['api'] }, 'USER_NOT_FOUND');
  await refuse('PATCH', rightsOn('Nowhere', 'stranger'), { Grant: ['api'] }, 'ENVIRONMENT_NOT_FOUND');
  await refuse('PATCH', '/manage/1/apps/nothing/permissions/stranger', { Grant: ['api'] }, 'APP_NOT_FOUND');
});

test('the audit says which rights were given and taken, where, and by whom', async () => {
  await createUser(server, 'noted', 'Noted');
  await admin('PATCH', rightsOn('Acceptance', 'noted'), { Grant: ['api', 'transport'], Revoke: ['alerts'] });
  await admin('PUT', rightsOf('noted'), { Rights: [] });
  await admin('DELETE', rightsOn('acceptance', 'noted'));
  await admin('DELETE', rightsOf('noted'));
  const entries: Record<string, string>[] = (await admin('GET', '/manage/1/audit?limit=5')).reverse();
  assert.deepEqual(
    entries.map(({ Login, Subject, Action, Detail }) => [Login, Subject, Action, Detail]),
    [
      ['admin', 'calc', 'rights.grant', 'noted, Acceptance: transport, api'],
      ['admin', 'calc', 'rights.revoke', 'noted, Acceptance: alerts'],
      ['admin', 'calc', 'rights.set', 'noted, the whole app: none'],
      ['admin', 'calc', 'rights.reset', 'noted, Acceptance: as the app'],
      ['admin', 'calc', 'rights.revoke', 'noted, the whole app: all'],
    ],
  );
});

/** A call whose body waits: the server has let its head in, and has yet to get the rest. @returns sends it */
async function beginSlowly(method: string, path: string, body: string | Uint8Array, who: Credentials) {
  const { hostname, port, host } = new URL(server.url);
  const socket = connect(Number(port), hostname);
  const head = [
    `${method} ${path} HTTP/1.1`,
    `Host: ${host}`,
    `Mendix-Username: ${who.username}`,
    `Mendix-ApiKey: ${who.apiKey}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Expect: 100-continue',
    'Connection: close',
  ];
  socket.write(`${head.join('\r\n')}\r\n\r\n`);
  await once(socket, 'readable');
  assert.match(String(socket.read()), /^HTTP\/1\.1 100 Continue/);
  return async (): Promise<number> => {
    socket.write(body);
    return Number((await text(socket)).split(' ')[1]);
  };
}

test('whoever sends a body slowly has the rights of when it ends, not of when it began', async () => {
  const who = await createUser(server, 'slow', 'Slow');
  const giveItself = JSON.stringify({ Grant: ['api', 'transport'] });
  const calls = [
    ['PATCH', rightsOn('Acceptance', 'slow'), giveItself],
    ['POST', '/api/1/apps/calc/packages/upload', 'PK'],
    ['POST', '/api/v2/apps/calc/packages/upload', 'PK'],
  ] as const;
  for (const [method, path, body] of calls) {
    await admin('PUT', rightsOn('Acceptance', 'slow'), { Rights: ['permissions', 'api'] });
    assert.equal((await server.call('GET', `${APP}/environments/Acceptance/permissions`, undefined, who)).status, 200);
    const end = await beginSlowly(method, path, body, who);
    await admin('DELETE', rightsOf('slow'));
    assert.equal(await end(), 404, path);
    assert.equal((await server.call('GET', APP, undefined, who)).status, 404, path);
  }
});

test('whoever sends a body slowly does nothing with a key that was revoked meanwhile', async () => {
  const who = await createUser(server, 'late', 'Late');
  await admin('PUT', rightsOf('late'), { Rights: ['permissions'] });
  const end = await beginSlowly('PATCH', rightsOf('late'), JSON.stringify({ Grant: ['api'] }), who);
  const [key] = await admin('GET', '/manage/1/users/late/keys');
  await admin('DELETE', `/manage/1/users/late/keys/${key.KeyId}`);
  assert.equal(await end(), 401);
});
