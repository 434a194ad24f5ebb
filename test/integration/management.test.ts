import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { openBuildApiWorld } from '../support/build-api-world.ts';
import type { Answer, Credentials } from '../support/server.ts';

const world = await openBuildApiWorld({ after }, { buildSlots: 0 });
const { server, richard, stranger } = world;

async function expect(answer: Promise<Answer>, status: number, code?: string): Promise<Answer['body']> {
  const { status: given, body } = await answer;
  assert.equal(given, status, JSON.stringify(body));
  if (code !== undefined) assert.equal(body.errorCode, code);
  return body;
}

const as = (who: Credentials) => (method: string, path: string, body?: unknown) =>
  server.call(method, `/manage/1${path}`, body, who);
const admin = as(server.admin);

test('everybody may ask who they are and which apps they see', async () => {
  const me = await expect(as(richard)('GET', '/me'), 200);
  assert.deepEqual(Object.keys(me), ['Login', 'Name', 'Admin', 'Disabled', 'CreationDate']);
  assert.equal(me.Name, 'Richard Ford');
  const apps = await expect(as(richard)('GET', '/apps'), 200);
  assert.deepEqual(
    apps.map(({ AppId }: { AppId: string }) => AppId),
    ['calc'],
  );
  assert.deepEqual(await expect(as(stranger)('GET', '/apps'), 200), []);
  const app = await expect(as(richard)('GET', '/apps/CALC'), 200);
  assert.deepEqual(Object.keys(app), [
    'AppId',
    'ProjectId',
    'Name',
    'Kind',
    'Repository',
    'MainBranch',
    'License',
    'CreationDate',
    'TechnicalContact',
    'HasCredentials',
    'Builder',
    'ProjectFile',
    'Trunk',
    'Branches',
    'Tags',
    'AllowForeignRevisions',
    'Retention',
  ]);
  await expect(as(stranger)('GET', '/apps/calc'), 404, 'APP_NOT_FOUND');
});

test('everything else is for admins', async () => {
  const calls = [
    ['POST', '/apps'],
    ['PATCH', '/apps/calc'],
    ['DELETE', '/apps/calc'],
    ['DELETE', '/apps/unknown'],
    ['GET', '/apps/calc/api-rights'],
    ['PUT', '/apps/calc/api-rights/stranger'],
    ['DELETE', '/apps/calc/api-rights/stranger'],
    ['GET', '/users'],
    ['POST', '/users'],
    ['POST', '/users/stranger/disable'],
    ['GET', '/users/stranger/keys'],
    ['POST', '/users/unknown/keys'],
    ['DELETE', '/users/stranger/keys/x'],
    ['GET', '/audit'],
  ] as const;
  for (const [method, path] of calls) await expect(as(richard)(method, path), 403, 'NO_ACCESS');
});

test('an app is created, shown and deleted', async () => {
  const projectId = crypto.randomUUID();
  const request = { AppId: 'Second', Name: 'Second App', Repository: world.repository.path, MainBranch: 'feature' };
  const app = await expect(admin('POST', '/apps', { ...request, ProjectId: projectId, Unknown: 1 }), 200);
  assert.equal(app.AppId, 'second');
  assert.equal(app.ProjectId, projectId);
  assert.equal(app.MainBranch, 'feature');
  assert.deepEqual(await expect(admin('GET', `/apps/${projectId}`), 200), app);
  await expect(admin('POST', '/apps', request), 409, 'ALREADY_EXISTS');
  assert.deepEqual(await expect(admin('DELETE', '/apps/second'), 200), {});
  await expect(admin('GET', '/apps/second'), 404, 'APP_NOT_FOUND');
});

test('what is set for an app stays until it is changed, and null takes it back', async () => {
  const request = { AppId: 'set', Repository: world.repository.path, Builder: 'archive', ProjectFile: 'a/App.mpr' };
  const created = await expect(admin('POST', '/apps', request), 200);
  assert.deepEqual([created.Builder, created.ProjectFile, created.Trunk], ['archive', 'a/App.mpr', null]);
  const changed = await expect(admin('PATCH', '/apps/set', { Builder: null, Name: 'Set', Trunk: 'main' }), 200);
  assert.deepEqual([changed.Builder, changed.ProjectFile, changed.Trunk], [null, 'a/App.mpr', 'main']);
  assert.equal(changed.Name, 'Set');
  assert.deepEqual(await expect(admin('GET', '/apps/set'), 200), changed);
  await expect(admin('PATCH', '/apps/set', { Builder: 'guess' }), 400, 'INVALID_PARAMETERS');
  await expect(admin('PATCH', '/apps/set', { Repository: 'ext::sh -c x' }), 400, 'INVALID_PARAMETERS');
  assert.deepEqual(await expect(admin('GET', '/apps/set'), 200), changed);
});

test('what is missing or wrong in a body is named', async () => {
  const cases: [string, unknown, string, RegExp][] = [
    ['/apps', {}, 'INVALID_PARAMETERS', /AppId/],
    ['/apps', { AppId: 'x' }, 'INVALID_PARAMETERS', /Repository/],
    ['/apps', { AppId: 'x', Repository: 7 }, 'INVALID_PARAMETERS', /^Repository is '7'/],
    ['/apps', { AppId: 'a_b', Repository: '/x' }, 'INVALID_APPID', /'a_b'/],
    ['/users', [], 'INVALID_PARAMETERS', /JSON object/],
    ['/users', { Login: 'a b' }, 'INVALID_PARAMETERS', /'a b'/],
    ['/users', { Login: 'x', Admin: 'yes' }, 'INVALID_PARAMETERS', /^Admin is 'yes'/],
    ['/users/stranger/keys', { ExpiryDate: 'soon' }, 'INVALID_PARAMETERS', /^ExpiryDate is 'soon'/],
    ['/users/stranger/keys', { ExpiryDate: 5 }, 'INVALID_PARAMETERS', /past/],
    ['/users/stranger/keys', { Key: 'not a key' }, 'INVALID_PARAMETERS', /uuid/],
  ];
  for (const [path, body, code, message] of cases) {
    assert.match((await expect(admin('POST', path, body), 400, code)).errorMessage, message, path);
  }
});

test('users manage their own keys, and a revoked key ends at once', async () => {
  const own = as(stranger);
  const { KeyId, Key } = await expect(own('POST', '/users/stranger/keys', { Name: 'laptop' }), 200);
  const fresh = as({ username: 'stranger', apiKey: Key });
  await expect(fresh('GET', '/me'), 200);
  const keys = await expect(own('GET', '/users/Stranger/keys'), 200);
  assert.deepEqual(Object.keys(keys[0]), [
    'KeyId',
    'Name',
    'CreationDate',
    'ExpiryDate',
    'LastUsedDate',
    'Revoked',
    'Scopes',
  ]);
  assert.ok(!JSON.stringify(keys).includes(Key));
  assert.deepEqual(await expect(own('DELETE', `/users/stranger/keys/${KeyId}`), 200), {});
  await expect(fresh('GET', '/me'), 401, 'UNAUTHORIZED');
  await expect(own('DELETE', `/users/stranger/keys/${crypto.randomUUID()}`), 404, 'KEY_NOT_FOUND');
  await expect(own('GET', '/users/richard.ford51@example.com/keys'), 403, 'NO_ACCESS');
});

test('a disabled user is shut out at once, and an unknown one is not found', async () => {
  await expect(admin('POST', '/users', { Login: 'leaver' }), 200);
  const { Key } = await expect(admin('POST', '/users/leaver/keys'), 200);
  const leaver = as({ username: 'leaver', apiKey: Key });
  await expect(leaver('GET', '/me'), 200);
  assert.deepEqual(await expect(admin('POST', '/users/leaver/disable'), 200), {});
  await expect(leaver('GET', '/me'), 401, 'UNAUTHORIZED');
  await expect(admin('POST', '/users/unknown/disable'), 404, 'USER_NOT_FOUND');
  await expect(admin('GET', '/users/unknown/keys'), 404, 'USER_NOT_FOUND');
  await expect(admin('PUT', '/apps/calc/api-rights/unknown'), 404, 'USER_NOT_FOUND');
  await expect(admin('PUT', '/apps/unknown/api-rights/stranger'), 404, 'APP_NOT_FOUND');
});

test('rights are listed, and the audit tells who gave them', async () => {
  await expect(admin('PUT', '/apps/calc/api-rights/stranger'), 200);
  const holders = await expect(admin('GET', '/apps/calc/api-rights'), 200);
  assert.ok(holders.some(({ Login }: { Login: string }) => Login === 'stranger'));
  const [entry] = await expect(admin('GET', '/audit?limit=1'), 200);
  assert.deepEqual(Object.keys(entry), ['Date', 'Login', 'Action', 'Subject', 'Detail']);
  assert.deepEqual([entry.Login, entry.Action, entry.Subject], ['admin', 'rights.grant', 'calc']);
  await expect(admin('GET', '/audit?limit=banana'), 400, 'INVALID_PARAMETERS');
});
