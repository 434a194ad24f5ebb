import assert from 'node:assert/strict';
import { hash, randomUUID } from 'node:crypto';
import { type TestContext, test } from 'node:test';
import { pino } from 'pino';
import { testDatabase } from '../../test/support/database.ts';
import { insertApiKey, listApiKeys, revokeApiKey } from '../database/api-keys.ts';
import type { Database } from '../database/database.ts';
import { disableUserRow, insertUser } from '../database/users.ts';
import { parseLogin } from '../domain/identifiers.ts';
import { Refusal } from '../domain/refusal.ts';
import { createAttemptLimits } from './attempt-limits.ts';
import { createAuthentication, REMEMBERED_MS, readCredentials } from './authentication.ts';
import { createKeyUses } from './key-uses.ts';

const ADDRESS = '10.0.0.1';

async function setUp(t: TestContext, key: { readonly expiresAt?: number } = {}, state?: Database['state']) {
  const database: Database = { ...(await testDatabase(t)), ...(state !== undefined && { state }) };
  const time = { now: 1_000_000, onRead: () => {} };
  const clock = () => {
    time.onRead();
    return time.now;
  };
  const secret = randomUUID();
  await database.transaction(async (queries) => {
    const login = parseLogin('ann@example.com');
    await insertUser(queries, { id: 'u', login, name: 'Ann', is_admin: 0, created_at: 1, disabled_at: null });
    await insertApiKey(queries, {
      id: 'k',
      user_id: 'u',
      name: 'key',
      hash: hash('sha256', secret),
      created_at: 1,
      expires_at: key.expiresAt ?? null,
    });
  });
  const limits = createAttemptLimits();
  const keyUses = createKeyUses({ database, logger: pino({ level: 'silent' }) });
  const authentication = createAuthentication({ database, clock, keyUses, limits });
  return { database, time, authentication, limits, keyUses, credentials: { login: 'Ann@Example.com', key: secret } };
}

const isUnauthorized = (error: unknown) => error instanceof Refusal && error.code === 'UNAUTHORIZED';

test('a caller is found by the key and remembered for a moment', async (t) => {
  const { authentication, credentials, time } = await setUp(t);
  assert.equal(authentication.recall(credentials, ADDRESS), undefined);
  const caller = await authentication.check(credentials, ADDRESS);
  assert.equal(caller.user.login, 'ann@example.com');
  assert.equal(authentication.recall(credentials, ADDRESS), caller);
  assert.equal(authentication.recall(credentials, '10.0.0.2'), undefined);
  assert.equal(authentication.recall({ ...credentials, login: 'ben' }, ADDRESS), undefined);
  assert.equal(authentication.recall({ ...credentials, login: undefined }, ADDRESS), caller);
  time.now += REMEMBERED_MS;
  assert.equal(authentication.recall(credentials, ADDRESS), undefined);
});

test('where other servers write, what they have changed is seen at once', async (t) => {
  let state = 'as it was';
  const { authentication, database, credentials } = await setUp(t, {}, async () => state);
  const caller = await authentication.check(credentials, ADDRESS);
  assert.equal(authentication.recall(credentials, ADDRESS), undefined);
  assert.equal(await authentication.checkAgain(credentials, ADDRESS), caller, 'the very same while nothing changes');
  await database.transaction((queries) => disableUserRow(queries, 'u', 2));
  state = 'as it is now';
  await assert.rejects(authentication.check(credentials, ADDRESS), isUnauthorized);
});

test('where other servers write, who called a moment ago is held up by no limits, too', async (t) => {
  const { authentication, limits, credentials } = await setUp(t, {}, async () => 'another one');
  await authentication.check(credentials, ADDRESS);
  const attempt = { address: ADDRESS, login: credentials.login };
  for (let failure = 0; failure < 100; failure += 1) await limits.countFailure(attempt);
  await assert.rejects(limits.check(attempt));
  assert.equal((await authentication.check(credentials, ADDRESS)).user.login, 'ann@example.com');
});

test('an unknown key, a key of another and an unknown login are refused alike', async (t) => {
  const { authentication, credentials } = await setUp(t);
  for (const wrong of [
    { ...credentials, key: randomUUID() },
    { ...credentials, key: '' },
    { ...credentials, login: 'ben' },
    { login: undefined, key: 'x' },
  ]) {
    await assert.rejects(authentication.check(wrong, ADDRESS), isUnauthorized);
  }
});

test('a key ends with its expiry, also while it is remembered', async (t) => {
  const { authentication, credentials, time } = await setUp(t, { expiresAt: 1_000_100 });
  await authentication.check(credentials, ADDRESS);
  time.now = 1_000_100;
  assert.equal(authentication.recall(credentials, ADDRESS), undefined);
  await assert.rejects(authentication.check(credentials, ADDRESS), isUnauthorized);
});

test('a revoked key and a disabled user are refused once what is remembered was forgotten', async (t) => {
  for (const change of ['key', 'user'] as const) {
    const { authentication, credentials, database } = await setUp(t);
    await authentication.check(credentials, ADDRESS);
    await database.transaction(async (queries) => {
      if (change === 'key') await revokeApiKey(queries, { id: 'k', userId: 'u', at: 5 });
      else await disableUserRow(queries, 'u', 5);
    });
    authentication.forget();
    assert.equal(authentication.recall(credentials, ADDRESS), undefined);
    await assert.rejects(authentication.check(credentials, ADDRESS), isUnauthorized);
  }
});

test('what was read before forgetting is not remembered after it', async (t) => {
  const { authentication, credentials, time } = await setUp(t);
  // The clock is read once the query has answered.
  time.onRead = authentication.forget;
  await authentication.check(credentials, ADDRESS);
  time.onRead = () => {};
  assert.equal(authentication.recall(credentials, ADDRESS), undefined);
});

test('the last use is written, once a minute at most', async (t) => {
  const { authentication, credentials, database, keyUses, time } = await setUp(t);
  const lastUsed = async () => {
    await keyUses.flush();
    return (await listApiKeys(database.read, 'u'))[0]?.last_used_at;
  };
  await authentication.check(credentials, ADDRESS);
  assert.equal(await lastUsed(), 1_000_000);
  time.now += 59_999;
  await authentication.check(credentials, ADDRESS);
  assert.equal(await lastUsed(), 1_000_000);
  time.now += 1;
  authentication.recall(credentials, ADDRESS);
  assert.equal(await lastUsed(), 1_060_000);
});

test('credentials are read from either pair of headers', () => {
  const pair = { 'mendix-username': ' ann ', 'mendix-apikey': '\tkey ' };
  assert.deepEqual(readCredentials(pair), { login: 'ann', key: 'key' });
  assert.deepEqual(readCredentials({ authorization: 'MxToken key' }), { login: undefined, key: 'key' });
  assert.deepEqual(readCredentials({ ...pair, authorization: 'MxToken other' }), { login: 'ann', key: 'key' });
  assert.deepEqual(readCredentials({ 'mendix-username': 'x', authorization: 'mxtoken k' }), {
    login: undefined,
    key: 'k',
  });
  const utf8 = Buffer.from('jürgen', 'utf8').toString('latin1');
  assert.equal(readCredentials({ ...pair, 'mendix-username': utf8 }).login, 'jürgen');
  for (const headers of [{}, { 'mendix-username': 'ann' }, { 'mendix-apikey': 'k' }, { authorization: 'Bearer k' }]) {
    assert.throws(() => readCredentials(headers), isUnauthorized);
  }
});
