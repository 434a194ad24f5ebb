import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openBuildApiWorld } from '../support/build-api-world.ts';

const PACKAGES = '/api/1/apps/calc/packages';

test('a token does what its scopes are for, and nothing else', async (t) => {
  const { server, richard, revisions } = await openBuildApiWorld(t);
  const tokenFor = async (...Scopes: string[]) => {
    const { status, body } = await server.call('POST', `/manage/1/users/${richard.username}/keys`, { Scopes });
    assert.equal(status, 200, JSON.stringify(body));
    assert.match(body.Key, /^[\w-]{40,}$/);
    return body.Key as string;
  };
  const call = async (token: string, method: string, path: string, body?: unknown) => {
    const response = await fetch(server.url + path, {
      method,
      headers: { Authorization: `MxToken ${token}` },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const answer = (await response.json()) as { errorCode?: string; errorMessage?: string };
    return [response.status, answer.errorCode, answer.errorMessage];
  };
  const build = { Revision: revisions[0], Version: '1.0.0' };
  const reader = await tokenFor('mx:deployment:read');
  assert.equal((await call(reader, 'GET', PACKAGES))[0], 200);
  const refused = await call(reader, 'POST', PACKAGES, build);
  assert.deepEqual(refused.slice(0, 2), [403, 'NO_ACCESS']);
  assert.match(String(refused[2]), /needs the scope mx:deployment:write, and the token is for mx:deployment:read/);
  assert.equal((await call(reader, 'GET', '/api/1/apps/calc/branches'))[0], 403);
  assert.equal((await call(reader, 'GET', '/manage/1/me'))[0], 403);

  const writer = await tokenFor('mx:deployment:write', 'mx:modelrepository:repo:read');
  assert.equal((await call(writer, 'POST', PACKAGES, build))[0], 200);
  assert.equal((await call(writer, 'GET', PACKAGES))[0], 200);
  assert.equal((await call(writer, 'GET', '/api/1/apps/calc/branches'))[0], 200);
  const headers = { 'Mendix-Username': richard.username, 'Mendix-ApiKey': writer };
  assert.equal((await fetch(server.url + PACKAGES, { headers })).status, 200);
});

test('a token is listed with its scopes and ends when it is revoked; unknown scopes are refused', async (t) => {
  const { server, richard } = await openBuildApiWorld(t);
  const keys = `/manage/1/users/${richard.username}/keys`;
  const scopes = ['mx:modelrepository:repo:read', 'mx:deployment:read'];
  const { KeyId, Key } = (await server.call('POST', keys, { Scopes: scopes, Name: 'CI' })).body;
  const listed = (await server.call('GET', keys)).body.find((key: { KeyId: string }) => key.KeyId === KeyId);
  assert.deepEqual(listed.Scopes, scopes.toSorted());
  const status = async () =>
    (await fetch(server.url + PACKAGES, { headers: { Authorization: `MxToken ${Key}` } })).status;
  assert.equal(await status(), 200);
  await server.call('DELETE', `${keys}/${KeyId}`);
  assert.equal(await status(), 401);
  for (const Scopes of [['mx:all'], [], 'mx:deployment:read']) {
    assert.equal((await server.call('POST', keys, { Scopes })).body.errorCode, 'INVALID_PARAMETERS', String(Scopes));
  }
  const brought = 'an-old-token-that-scripts-have-already';
  assert.equal((await server.call('POST', keys, { Scopes: scopes, Key: brought })).body.Key, brought);
  assert.equal(
    (await server.call('POST', keys, { Scopes: scopes, Key: 'short' })).body.errorCode,
    'INVALID_PARAMETERS',
  );
});
