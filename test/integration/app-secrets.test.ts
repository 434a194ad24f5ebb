import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { pino } from 'pino';
import { startServer } from '../../src/main/server.ts';
import { openBuildApiWorld } from '../support/build-api-world.ts';
import { openCommandLine } from '../support/command-line.ts';
import { filesWith } from '../support/files-with.ts';
import { makeTestRepository } from '../support/git.ts';
import { startGitHttp } from '../support/git-servers.ts';
import { listBlocks } from '../support/page-blocks.ts';
import { call, startTestServer, testConfiguration } from '../support/server.ts';
import { makeKey } from '../support/ssh-server.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const SECRET = 'open-sesame-4711';

/** A command line that is logged in to a server with the app `calc`. */
async function commandLineWorld(context: { after(work: () => unknown): void }) {
  const server = await startTestServer(context);
  const folder = await temporaryFolder(context);
  const { username, apiKey } = server.admin;
  const variables = { SLIPWAY_URL: server.url, SLIPWAY_USERNAME: username, SLIPWAY_API_KEY: apiKey };
  const slipway = openCommandLine(folder, variables);
  await slipway.run(['app', 'create', 'calc', '--repository', folder]);
  const run = async (args: string, stdin?: string) => {
    const outcome = await slipway.run(args.split(' '), stdin === undefined ? {} : { stdin });
    assert.ok(!(outcome.stdout + outcome.stderr).includes(SECRET), outcome.stdout + outcome.stderr);
    return outcome;
  };
  return { server, folder, run };
}

test('an app gets its credentials, the next fetch uses them, and nothing that is kept or said holds them', async (t) => {
  const folder = await temporaryFolder(t);
  const repository = await makeTestRepository(join(folder, 'app.git'));
  await repository.commit([{ branch: 'master', files: { a: 'a' } }]);
  const git = await startGitHttp(folder, { name: 'builder', password: SECRET });
  t.after(git.stop);
  const log = new PassThrough();
  const lines: Buffer[] = [];
  log.on('data', (chunk: Buffer) => lines.push(chunk));
  const dataFolder = join(folder, 'data');
  const server = await startServer(testConfiguration(dataFolder), pino({ level: 'trace' }, log));
  t.after(server.stop);
  const admin = { username: 'admin', apiKey: server.adminKey ?? '' };
  const ask = async (method: string, path: string, body?: unknown) => {
    const answer = await call(server.url, method, path, body, admin);
    assert.ok(!JSON.stringify(answer.body).includes(SECRET), path);
    return answer;
  };
  const app = '/manage/1/apps/calc';
  const build = () => ask('POST', '/api/1/apps/calc/packages', { Revision: '1', Version: '1.0.0' });
  await ask('POST', '/manage/1/apps', { AppId: 'calc', Repository: `${git.url}app.git` });
  assert.equal((await ask('GET', app)).body.HasCredentials, false);
  assert.equal((await build()).body.errorCode, 'BUILD_FAILED');
  const wrong = { Kind: 'password', Username: 'builder', Password: 'wrong' };
  assert.deepEqual((await ask('PUT', `${app}/credentials`, wrong)).body, {});
  assert.match((await build()).body.errorMessage, /does not let us in/);
  assert.equal((await ask('PUT', `${app}/credentials`, { ...wrong, Password: SECRET })).status, 200);
  assert.equal((await build()).status, 200);
  assert.equal((await ask('GET', app)).body.HasCredentials, true);
  assert.deepEqual((await ask('GET', `${app}/credentials`)).body, { Kind: 'password', Username: 'builder' });
  assert.equal((await ask('PUT', `${app}/secrets/NPM_TOKEN`, { Value: SECRET })).status, 200);
  assert.deepEqual(
    await ask('GET', `${app}/secrets`).then(({ body }) => body.map(({ Name }: { Name: string }) => Name)),
    ['NPM_TOKEN'],
  );
  for (const body of [
    `{"Kind": "x", "Password": "${SECRET}"`,
    [SECRET],
    { Kind: SECRET },
    { Kind: 'token', Token: [SECRET] },
  ]) {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    for (const path of ['credentials', 'secrets/A']) {
      const headers = { 'Mendix-Username': 'admin', 'Mendix-ApiKey': admin.apiKey };
      const answer = await fetch(`${server.url}${app}/${path}`, { method: 'PUT', headers, body: text });
      assert.equal(answer.status, 400);
      assert.ok(!(await answer.text()).includes('sesame'));
    }
  }
  const audit = JSON.stringify((await ask('GET', '/manage/1/audit')).body);
  assert.match(audit, /credentials\.set.*password/);
  assert.match(audit, /secret\.set.*NPM_TOKEN/);
  await server.stop();
  assert.deepEqual(await filesWith(dataFolder, SECRET), []);
  assert.ok(!Buffer.concat(lines).includes(SECRET));
});

test('a password in the address of a repository is kept as credentials, and nothing is left of it', async (t) => {
  const folder = await temporaryFolder(t);
  const repository = await makeTestRepository(join(folder, 'app.git'));
  await repository.commit([{ branch: 'master', files: { a: 'a' } }]);
  const git = await startGitHttp(folder, { name: 'builder', password: SECRET });
  t.after(git.stop);
  const server = await startTestServer(t, { dataFolder: join(folder, 'data') });
  const withPassword = `${git.url}app.git`.replace('//', `//builder:${SECRET}@`);
  const app = '/manage/1/apps/calc';
  const build = { Revision: '1', Version: '1.0.0' };
  const created = await server.call('POST', '/manage/1/apps', { AppId: 'calc', Repository: withPassword });
  assert.deepEqual([created.body.HasCredentials, created.body.Repository], [true, `${git.url}app.git`]);
  assert.equal((await server.call('POST', '/api/1/apps/calc/packages', build)).status, 200);
  const wrong = withPassword.replace(SECRET, 'wrong');
  assert.equal((await server.call('PATCH', app, { Repository: wrong })).body.Repository, `${git.url}app.git`);
  assert.equal((await server.call('POST', '/api/1/apps/calc/packages', { ...build, Revision: '2' })).status, 500);
  await server.call('PATCH', app, { Repository: withPassword });
  await server.call('PATCH', app, { Name: 'Calculator', Repository: `${git.url}app.git` });
  assert.equal((await server.call('POST', '/api/1/apps/calc/packages', build)).status, 200);
  await server.stop();
  assert.deepEqual(await filesWith(join(folder, 'data'), SECRET), []);
});

test('the command line reads secrets from standard input or a file, and never shows them', async (t) => {
  const { folder, run } = await commandLineWorld(t);
  assert.match((await run('app credentials show calc')).stdout, /^The app calc has no credentials of its own\./);
  const set = await run('app credentials set calc --kind password --user builder', `${SECRET}\n`);
  assert.equal(set.stdout, 'The app calc has credentials for its repository (password).\n', set.stderr);
  assert.equal((await run('app credentials show calc')).stdout, 'Kind   password\nUser   builder\n');
  assert.match((await run('app show calc')).stdout, /^Credentials +of its own$/m);
  await writeFile(join(folder, 'token.txt'), `${SECRET}\r\n`);
  assert.equal((await run('app credentials set calc --kind token --file token.txt')).code, 0);
  await makeKey(join(folder, 'id'));
  await writeFile(join(folder, 'hosts'), 'git.example.com ssh-ed25519 AAAA\n');
  assert.equal((await run('app credentials set calc --kind ssh-key --file id --known-hosts hosts')).code, 0);
  assert.equal(JSON.parse((await run('app credentials show calc --json')).stdout).Kind, 'ssh-key');
  await run('app credentials remove calc');
  assert.equal(JSON.parse((await run('app show calc --json')).stdout).HasCredentials, false);

  assert.match((await run('app secret list calc')).stdout, /^The app calc has no secrets\./);
  assert.equal((await run('app secret set calc NPM_TOKEN', SECRET)).code, 0);
  assert.equal((await run('app secret set calc CERT --file token.txt')).code, 0);
  assert.match((await run('app secret list calc')).stdout, /^NAME +CHANGED\nCERT .*\nNPM_TOKEN /);
  assert.equal((await run('app secret remove calc CERT')).code, 0);
  assert.match((await run('app secret remove calc CERT')).stderr, /^The app 'calc' has no secret 'CERT'\.\n$/);
});

test('the commands of the page about credentials and secrets do as they stand there', async (t) => {
  const { folder, run } = await commandLineWorld(t);
  await writeFile(join(folder, 'token.txt'), SECRET);
  await makeKey(join(folder, 'id_ed25519'));
  await writeFile(join(folder, 'known_hosts'), 'git.example.com ssh-ed25519 AAAA\n');
  const page = await readFile(new URL('../../docs/credentials-and-secrets.md', import.meta.url), 'utf8');
  const blocks = listBlocks(page).filter(({ mark }) => mark?.startsWith('run by'));
  const lines = blocks.flatMap(({ text }) => text.trim().split('\n'));
  assert.equal(lines.length, 8);
  for (const line of lines) {
    const [command = '', input] = line.replace('slipway ', '').split(' < ');
    const { code, stderr } = await run(command, input === undefined ? undefined : SECRET);
    assert.equal(code, 0, `${line}: ${stderr}`);
  }
});

test('what cannot be used is refused, in words without it', async (t) => {
  const { folder, run } = await commandLineWorld(t);
  const refused = async (args: string, sentence: RegExp, stdin: string | undefined = SECRET) => {
    const { code, stderr } = await run(args, stdin);
    assert.match(stderr, sentence);
    assert.ok(code === 2 || code === 4, `${code}`);
  };
  await refused('app credentials set calc --kind password', /^The name .* is missing: give it with --user\./);
  await refused('app credentials set calc --kind token', /^There is nothing to keep/, '\n');
  await refused('app credentials set calc --kind token', /^Token holds a line break/, `${SECRET}\nmore`);
  await refused('app credentials set calc --kind token --file none', /none cannot be read \(ENOENT\)/);
  await refused('app credentials set calc --kind ssh-key', /^PrivateKey is not a private key/);
  await makeKey(join(folder, 'locked'), SECRET);
  await refused('app credentials set calc --kind ssh-key --file locked', /^PrivateKey has a passphrase/);
  await refused('app secret set calc LD_PRELOAD', /^'LD_PRELOAD' cannot be the name of a secret/);
  await refused('app secret set calc 1A', /^'1A' cannot be the name of a secret: use letters/);
  await refused('app secret set calc A', /^Value holds a NUL/, 'a\0b');
  await refused('app secret set none A', /^App not found/);
});

test('credentials and secrets are for admins alone', async (t) => {
  const { server, richard } = await openBuildApiWorld(t, { buildSlots: 0 });
  const calls = [
    ['GET', 'credentials'],
    ['PUT', 'credentials'],
    ['DELETE', 'credentials'],
    ['GET', 'secrets'],
    ['PUT', 'secrets/A'],
    ['DELETE', 'secrets/A'],
  ] as const;
  for (const [method, path] of calls) {
    const { body } = await server.call(method, `/manage/1/apps/calc/${path}`, undefined, richard);
    assert.equal(body.errorCode, 'NO_ACCESS');
  }
});

test('what a deleted app kept secret goes with it', async (t) => {
  const server = await startTestServer(t);
  const app = '/manage/1/apps/calc';
  const create = () => server.call('POST', '/manage/1/apps', { AppId: 'calc', Repository: '/nowhere' });
  await create();
  await server.call('PUT', `${app}/credentials`, { Kind: 'token', Token: SECRET });
  await server.call('PUT', `${app}/secrets/A`, { Value: SECRET });
  assert.equal((await server.call('DELETE', app)).status, 200);
  assert.equal((await create()).body.HasCredentials, false);
  assert.deepEqual((await server.call('GET', `${app}/secrets`)).body, []);
});
