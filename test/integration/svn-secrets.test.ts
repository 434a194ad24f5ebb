import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { RemoteCredentials } from '../../src/repository/remote-credentials.ts';
import { openRepositories } from '../../src/repository/repositories.ts';
import { contents, refuses, signal } from '../contract/repository.ts';
import { makeLocalSsh, startSilentServer, startSvnserve } from '../support/git-servers.ts';
import { recordingPath } from '../support/recording-path.ts';
import { makeSvnRepository } from '../support/svn.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const PASSWORD = 'a-very-s3cret-word';
const PATH = process.env.PATH ?? '';

async function open(
  context: TestContext,
  options: {
    folder: string;
    address: string;
    credentials?: RemoteCredentials;
    path?: string;
    connectTimeoutMs?: number;
  },
) {
  const { folder, address, credentials, path = PATH, connectTimeoutMs = 30_000 } = options;
  const repositories = openRepositories({
    mirrorsFolder: join(folder, 'mirrors'),
    path,
    home: folder,
    connectTimeoutMs,
  });
  context.after(() => repositories.closeAll());
  return repositories.forApp({ key: 'app', kind: 'svn', repository: address, mainBranch: null, credentials });
}

test('a password is in no argument, no variable, no file and no message', async (context) => {
  const folder = await temporaryFolder(context);
  const remote = await makeSvnRepository(join(folder, 'app'));
  const id = await remote.commit('trunk', { a: 'a' });
  const server = await startSvnserve(folder, { name: 'builder', password: PASSWORD });
  context.after(() => server.stop());
  const record = join(folder, 'record');
  const path = await recordingPath(folder, record);
  const credentials = { kind: 'password', username: 'builder', password: PASSWORD } as const;
  const repository = await open(context, { folder, address: `${server.url}app`, credentials, path });
  assert.deepEqual(await contents(await repository.openTree(id, signal())), { a: 'a' });
  assert.deepEqual(await repository.createTags([{ name: '1', revisionId: id, message: '' }], signal()), ['done']);
  const recorded = await readFile(record, 'utf8');
  assert.ok(recorded.includes('checkout') && recorded.includes('cp'));
  assert.ok(!recorded.includes(PASSWORD));
  for (const entry of await readdir(join(folder, 'mirrors'), { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    assert.ok(!(await readFile(join(entry.parentPath, entry.name))).includes(PASSWORD), entry.name);
  }
  const wrong = { ...credentials, password: `${PASSWORD}!` };
  const other = await temporaryFolder(context);
  const refused = await open(context, { folder: other, address: `${server.url}app`, credentials: wrong });
  await assert.rejects(refused.listBranches(signal()), (error) => {
    assert.match(String(error), /does not let us in/);
    return !String(error).includes(PASSWORD);
  });
});

test('a key is a file that ssh is given, and gone with the command', async (context) => {
  const folder = await temporaryFolder(context);
  const remote = await makeSvnRepository(join(folder, 'app'));
  const id = await remote.commit('trunk', { a: 'a' });
  const ssh = await makeLocalSsh(folder);
  const record = join(folder, 'record');
  const path = await recordingPath(folder, record, [ssh, PATH].join(delimiter));
  const credentials = { kind: 'ssh-key', privateKey: PASSWORD, knownHosts: 'localhost ssh-ed25519 AAAA' } as const;
  const address = `svn+ssh://localhost${remote.path}`;
  const repository = await open(context, { folder, address, credentials, path });
  assert.deepEqual(await contents(await repository.openTree(id, signal())), { a: 'a' });
  const recorded = await readFile(record, 'utf8');
  assert.match(
    recorded,
    /^SVN_SSH=ssh .*-oIdentitiesOnly=yes .*IdentityFile="\S+key".*-oUserKnownHostsFile="\S+knownHosts".* --$/m,
  );
  assert.ok(!recorded.includes(PASSWORD));
  const left = await readdir(join(folder, 'mirrors'));
  assert.ok(!left.some((name) => name.startsWith('private.')));
});

test('a repository from the network includes nothing from this machine', async (context) => {
  const folder = await temporaryFolder(context);
  const secret = await makeSvnRepository(join(folder, 'secret'));
  await secret.commit('trunk', { a: 'secret' });
  const remote = await makeSvnRepository(join(folder, 'app'));
  await remote.commit('trunk', { a: 'a' });
  const server = await startSvnserve(folder);
  context.after(() => server.stop());
  const repository = await open(context, { folder, address: `${server.url}app` });
  for (const external of [`${secret.url}/trunk inner`, `inner -r1 f\\ile://${secret.path}/trunk`]) {
    const id = await remote.mucc(['propset', 'svn:externals', external, 'trunk']);
    await refuses(repository.openTree(id, signal()), 'unreadable', 'from this machine');
  }
});

test('nor by an external of an external', async (context) => {
  const folder = await temporaryFolder(context);
  const secret = await makeSvnRepository(join(folder, 'secret'));
  await secret.commit('trunk', { a: 'secret' });
  const remote = await makeSvnRepository(join(folder, 'app'));
  await remote.commit('trunk', { a: 'a' });
  await remote.mucc(['mkdir', 'shared']);
  await remote.mucc(['propset', 'svn:externals', `${secret.url}/trunk inner`, 'shared']);
  const id = await remote.mucc(['propset', 'svn:externals', '^/shared outer', 'trunk']);
  const server = await startSvnserve(folder);
  context.after(() => server.stop());
  const repository = await open(context, { folder, address: `${server.url}app` });
  await refuses(repository.openTree(id, signal()), 'unreadable', 'from this machine');
  await refuses(repository.openTree(id, signal()), 'unreadable', 'from this machine');
});

test('a server that says nothing is given up on, and nothing of the environment reaches svn', async (context) => {
  const folder = await temporaryFolder(context);
  const silent = await startSilentServer();
  context.after(() => silent.stop());
  const record = join(folder, 'record');
  const path = await recordingPath(folder, record);
  process.env.SLIPWAY_TEST_LEAK = 'leaked';
  context.after(() => delete process.env.SLIPWAY_TEST_LEAK);
  const address = `${silent.url.replace('git:', 'svn:')}app`;
  const repository = await open(context, { folder, address, path, connectTimeoutMs: 300 });
  await refuses(repository.listBranches(signal()), 'unreachable', 'did not answer within 0.3 s');
  assert.ok(!(await readFile(record, 'utf8')).includes('SLIPWAY_TEST_LEAK'));
});
