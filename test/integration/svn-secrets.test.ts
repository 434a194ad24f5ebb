import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { test } from 'node:test';
import { contents, refuses, signal } from '../contract/repository.ts';
import { filesWith } from '../support/files-with.ts';
import { makeLocalSsh, startSilentServer, startSvnserve } from '../support/git-servers.ts';
import { recordingPath } from '../support/recording-path.ts';
import { makeKey, startSshServer } from '../support/ssh-server.ts';
import { makeSvnRepository } from '../support/svn.ts';
import { makeSvnLab } from '../support/svn-lab.ts';

const PASSWORD = 'a-very-s3cret-word';
const PATH = process.env.PATH ?? '';

test('a password is in no argument, no variable, no file and no message', async (context) => {
  const { folder, remote, mirrorsFolder, open } = await makeSvnLab(context);
  const id = await remote.commit('trunk', { a: 'a' });
  const server = await startSvnserve(folder, { name: 'builder', password: PASSWORD });
  context.after(() => server.stop());
  const record = join(folder, 'record');
  const path = await recordingPath(folder, record);
  const credentials = { kind: 'password', username: 'builder', password: PASSWORD } as const;
  const repository = open(`${server.url}app`, credentials, { path });
  assert.deepEqual(await contents(await repository.openTree(id, signal())), { a: 'a' });
  assert.deepEqual(await repository.createTags([{ name: '1', revisionId: id, message: '' }], signal()), ['done']);
  const recorded = await readFile(record, 'utf8');
  assert.ok(recorded.includes('checkout') && recorded.includes('cp'));
  assert.ok(!recorded.includes(PASSWORD));
  assert.deepEqual(await filesWith(mirrorsFolder, PASSWORD), []);
  const refused = open(`${server.url}app`, { ...credentials, password: `${PASSWORD}!` });
  await assert.rejects(refused.listBranches(signal()), (error) => {
    assert.match(String(error), /does not let us in/);
    return !String(error).includes(PASSWORD);
  });
});

test('a key is a file that ssh is given, and gone with the command', async (context) => {
  const { folder, remote, mirrorsFolder, open } = await makeSvnLab(context);
  const id = await remote.commit('trunk', { a: 'a' });
  const ssh = await makeLocalSsh(folder);
  const record = join(folder, 'record');
  const path = await recordingPath(folder, record, [ssh, PATH].join(delimiter));
  const credentials = { kind: 'ssh-key', privateKey: PASSWORD, knownHosts: 'localhost ssh-ed25519 AAAA' } as const;
  const address = `svn+ssh://localhost${remote.path}`;
  const repository = open(address, credentials, { path });
  assert.deepEqual(await contents(await repository.openTree(id, signal())), { a: 'a' });
  const recorded = await readFile(record, 'utf8');
  assert.match(
    recorded,
    /^SVN_SSH=ssh .*-oIdentitiesOnly=yes .*IdentityFile=\\"\S+key\\".*-oUserKnownHostsFile=\\"\S+knownHosts\\".* --$/m,
  );
  assert.ok(!recorded.includes(PASSWORD));
  assert.deepEqual(await filesWith(mirrorsFolder, PASSWORD), []);
});

test('an ssh key lets us in to a host that is known, and no other key does', async (context) => {
  const { folder, remote, open } = await makeSvnLab(context);
  const id = await remote.commit('trunk', { a: 'a' });
  const ssh = await startSshServer(join(folder, 'ssh'));
  context.after(() => ssh.stop());
  const address = `svn+${ssh.url}${remote.path.slice(1)}`;
  const key = ssh.credentials;
  const options = { mirrorsFolder: join(folder, "it's 100% $ours"), connectTimeoutMs: 60_000 };
  assert.deepEqual(await contents(await open(address, key, options).openTree(id, signal())), { a: 'a' });
  await makeKey(join(folder, 'other'));
  const other = { ...key, privateKey: await readFile(join(folder, 'other'), 'utf8') };
  await refuses(open(address, other, options).listBranches(signal()), 'unreachable', 'does not let us in');
  const unknown = { ...key, knownHosts: key.knownHosts.replace('127.0.0.1', '127.0.0.2') };
  await refuses(open(address, unknown, options).listBranches(signal()), 'unreachable', 'ssh key is not known');
});

test('a repository from the network includes nothing from this machine', async (context) => {
  const { folder, remote, open } = await makeSvnLab(context);
  const secret = await makeSvnRepository(join(folder, 'secret'));
  await secret.commit('trunk', { a: 'secret' });
  await remote.commit('trunk', { a: 'a' });
  const server = await startSvnserve(folder);
  context.after(() => server.stop());
  const repository = open(`${server.url}app`);
  for (const external of [`${secret.url}/trunk inner`, `inner -r1 f\\ile://${secret.path}/trunk`]) {
    const id = await remote.mucc(['propset', 'svn:externals', external, 'trunk']);
    await refuses(repository.openTree(id, signal()), 'unreadable', 'from this machine');
  }
});

test('nor by an external of an external', async (context) => {
  const { folder, remote, open } = await makeSvnLab(context);
  const secret = await makeSvnRepository(join(folder, 'secret'));
  await secret.commit('trunk', { a: 'secret' });
  await remote.commit('trunk', { a: 'a' });
  await remote.mucc(['mkdir', 'shared']);
  await remote.mucc(['propset', 'svn:externals', `${secret.url}/trunk inner`, 'shared']);
  const id = await remote.mucc(['propset', 'svn:externals', '^/shared outer', 'trunk']);
  const server = await startSvnserve(folder);
  context.after(() => server.stop());
  const repository = open(`${server.url}app`);
  await refuses(repository.openTree(id, signal()), 'unreadable', 'from this machine');
  await refuses(repository.openTree(id, signal()), 'unreadable', 'from this machine');
});

test('a server that says nothing is given up on, and nothing of the environment reaches svn', async (context) => {
  const { folder, open } = await makeSvnLab(context);
  const silent = await startSilentServer();
  context.after(() => silent.stop());
  const record = join(folder, 'record');
  const path = await recordingPath(folder, record);
  process.env.SLIPWAY_TEST_LEAK = 'leaked';
  context.after(() => delete process.env.SLIPWAY_TEST_LEAK);
  const address = `${silent.url.replace('git:', 'svn:')}app`;
  const repository = open(address, undefined, { path, connectTimeoutMs: 300 });
  await refuses(repository.listBranches(signal()), 'unreachable', 'did not answer within 0.3 s');
  assert.ok(!(await readFile(record, 'utf8')).includes('SLIPWAY_TEST_LEAK'));
});
