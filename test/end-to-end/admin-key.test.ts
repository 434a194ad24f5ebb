import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { openSqliteDatabase } from '../../src/database/sqlite/sqlite-database.ts';
import { markMoved } from '../../src/main/moved-data-folder.ts';
import { runSlipway } from '../support/run-slipway.ts';
import { startTestServer } from '../support/server.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const KEY = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\n$/;

test('whoever holds the data folder of a stopped server gets a key for admin, even a disabled one', async (t) => {
  const server = await startTestServer(t);
  const { dataFolder } = server;
  const folder = await temporaryFolder(t);
  const args = ['admin-key', '--data', dataFolder];
  const beside = await runSlipway(t, folder, args);
  assert.equal(beside.code, 2);
  assert.match(beside.stderr, /^Another Slipway is running on this data folder: .* Stop it/);

  await server.call('POST', '/manage/1/users', { Login: 'ann', Admin: true });
  const { body } = await server.call('POST', '/manage/1/users/ann/keys', {});
  const ann = { username: 'ann', apiKey: body.Key };
  assert.equal((await server.call('POST', '/manage/1/users/admin/disable', undefined, ann)).status, 200);
  await server.stop();

  const made = await runSlipway(t, folder, args);
  assert.equal(made.code, 0, made.stderr);
  assert.match(made.stdout, KEY);
  assert.equal(made.stderr, '');
  const again = await startTestServer(t, { dataFolder });
  const admin = { username: 'admin', apiKey: made.stdout.trim() };
  assert.equal((await again.call('GET', '/manage/1/users', undefined, admin)).status, 200);
  const audit = await again.call('GET', '/manage/1/audit', undefined, admin);
  assert.match(JSON.stringify(audit.body[0]), /key\.create.*by slipway admin-key/);
});

test('a folder without a database is left as it is', async (t) => {
  const folder = await temporaryFolder(t);
  const { code, stderr } = await runSlipway(t, folder, ['admin-key', '--data', '.']);
  assert.equal(code, 2);
  assert.match(stderr, /^There is no database in /);
  assert.deepEqual(await readdir(folder), []);
});

test('a folder that was moved away gets no key that nobody would know of where servers run now, and no other secrets', async (t) => {
  const folder = await temporaryFolder(t);
  await (await openSqliteDatabase(join(folder, 'slipway.db'))).close();
  await markMoved(folder, 'a database');
  for (const command of [['admin-key'], ['secrets', 'rotate']]) {
    const { code, stderr } = await runSlipway(t, folder, [...command, '--data', '.']);
    assert.equal(code, 2);
    assert.match(stderr, /was moved to a database: /);
  }
});
