import assert from 'node:assert/strict';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { openCommandLine } from '../support/command-line.ts';
import { startTestServer } from '../support/server.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

test('login keeps credentials that work, for this user alone, and later commands use them', async (context) => {
  const server = await startTestServer(context);
  const folder = await temporaryFolder(context);
  const slipway = openCommandLine(folder);
  const file = join(folder, 'config', 'credentials.json');
  const login = ['login', `${server.url}/`, '--username', 'admin'];

  assert.match((await slipway.run(['app', 'list'])).stderr, /^No server is named\. Run 'slipway login <url>' once/);
  assert.equal((await slipway.run(login, { stdin: 'wrong\n' })).code, 5);
  await assert.rejects(stat(file));
  const outcome = await slipway.run(login, { stdin: ` ${server.admin.apiKey} \n` });
  assert.equal(outcome.code, 0, outcome.stderr);
  assert.match(outcome.stdout, /^Logged in to \S+ as admin \(Administrator\)\. Kept in /);
  assert.equal((await stat(file)).mode & 0o777, 0o600);
  assert.match(await readFile(file, 'utf8'), new RegExp(server.admin.apiKey));

  assert.equal((await slipway.run(['app', 'list'])).code, 0);
  assert.equal((await slipway.run(['app', 'list', '--url', server.url])).code, 0);
  assert.equal((await slipway.run(['app', 'list', '--username', 'other', '--api-key', 'x'])).code, 5);
});

test('what was kept for one server or user is not sent to another', async (context) => {
  const server = await startTestServer(context);
  const slipway = openCommandLine(await temporaryFolder(context));
  await slipway.run(['login', server.url, '--username', 'admin'], { stdin: server.admin.apiKey });
  const elsewhere = await slipway.run(['app', 'list', '--url', 'http://127.0.0.1:1', '--json']);
  assert.equal(JSON.parse(elsewhere.stderr).errorCode, 'NO_CREDENTIALS');
  const other = await slipway.run(['app', 'list', '--username', 'other', '--json']);
  assert.equal(JSON.parse(other.stderr).errorCode, 'NO_CREDENTIALS');
});

test('login without an address, a name or a key says which is missing', async (context) => {
  const slipway = openCommandLine(await temporaryFolder(context));
  const errors = [
    await slipway.run(['login']),
    await slipway.run(['login', 'http://127.0.0.1:1']),
    await slipway.run(['login', 'http://127.0.0.1:1', '--username', 'a']),
  ];
  assert.deepEqual(
    errors.map(({ code }) => code),
    [2, 2, 2],
  );
  assert.match(errors.map(({ stderr }) => stderr).join(''), /address of the server.*\n.*login name.*\n.*API key/i);
});
