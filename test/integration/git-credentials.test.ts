import assert from 'node:assert/strict';
import { cp, readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Repository, RepositoryError } from '../../src/repository/repository.ts';
import { startAsking } from '../support/asking-server.ts';
import { makeCertificate } from '../support/certificates.ts';
import { filesWith } from '../support/files-with.ts';
import { startForwarding } from '../support/forwarding-server.ts';
import { makeGitLab } from '../support/git-lab.ts';
import { startGitHttp, startRedirecting } from '../support/git-servers.ts';
import { processesWith } from '../support/processes-with.ts';
import { makeKey, startSshServer } from '../support/ssh-server.ts';

const { signal } = new AbortController();
const PASSWORD = { kind: 'password', username: 'builder', password: 'p%ss "w\'rd\\ $x`' } as const;

const find = (repository: Repository) => repository.resolve({ branch: { mainLine: true }, revision: '1' }, signal);

/** A repository with one commit behind `git http-backend`, which asks for these. */
async function httpLab(
  context: Parameters<typeof makeGitLab>[0],
  user: { readonly name: string; readonly password: string },
  admit?: (body: string) => Promise<void>,
) {
  const lab = await makeGitLab(context);
  const remote = await lab.remote('app');
  const [id = ''] = await remote.commit([{ branch: 'master', files: { a: 'a' } }]);
  const server = await startGitHttp(lab.folder, user, admit);
  context.after(server.stop);
  return { lab, remote, id, server, address: `${server.url}app.git` };
}

/** Refused because nobody was let in, in words that hold none of these. */
async function refuses(repository: Repository, ...secrets: readonly string[]) {
  await assert.rejects(repository.listBranches(signal), (error) => {
    assert.ok(error instanceof RepositoryError);
    assert.equal(error.kind, 'unreachable');
    assert.match(error.message, /does not let us in: check the credentials of the app/);
    for (const secret of secrets) assert.ok(!`${error.message} ${error.cause}`.includes(secret), secret);
    return true;
  });
}

/** What lies beside the mirrors because a command needs it. */
async function privateFolders(mirrorsFolder: string): Promise<string[]> {
  return (await readdir(mirrorsFolder)).filter((name) => name.startsWith('private.'));
}

test('a password lets us in over http: to look, to fetch and to push tags', async (context) => {
  const { lab, remote, id, address } = await httpLab(context, { name: 'builder', password: PASSWORD.password });
  const repository = lab.open(address, undefined, PASSWORD);
  assert.equal((await find(repository)).id, id);
  const tag = { name: '1.0.0', revisionId: id, message: '' };
  assert.deepEqual(await repository.createTags([tag], signal), ['done']);
  assert.equal(await remote.git(['rev-parse', '1.0.0^{}']), id);
  assert.deepEqual(await privateFolders(lab.mirrorsFolder), []);
});

test('a token lets us in, with the name that Mendix wants or the one that was given', async (context) => {
  const mendix = await httpLab(context, { name: 'pat', password: 'token-1' });
  assert.ok(await find(mendix.lab.open(mendix.address, undefined, { kind: 'token', token: 'token-1' })));
  const other = await httpLab(context, { name: 'oauth2', password: 'token-2' });
  const token = { kind: 'token', token: 'token-2', username: 'oauth2' } as const;
  assert.ok(await find(other.lab.open(other.address, undefined, token)));
});

test('over https a server is let in whose certificate an authority of ours vouches for, and no other', async (context) => {
  const { lab, server, id } = await httpLab(context, { name: 'builder', password: PASSWORD.password });
  const certificate = await makeCertificate(lab.folder, 'git');
  const front = await startForwarding(server.url, async () => undefined, certificate);
  context.after(front.stop);
  await assert.rejects(find(lab.open(`${front.url}app.git`, undefined, PASSWORD)), /certificate/);
  await lab.restart({ authoritiesFile: certificate.certFile });
  assert.equal((await find(lab.open(`${front.url}app.git`, undefined, PASSWORD))).id, id);
});

test('wrong credentials are refused with a reason that does not hold them, and new ones are used at once', async (context) => {
  const { lab, address } = await httpLab(context, { name: 'builder', password: PASSWORD.password });
  await refuses(lab.open(address), 'builder');
  const wrong = { ...PASSWORD, password: 'wrong-password' };
  await refuses(lab.open(address, undefined, wrong), 'wrong-password', 'builder');
  assert.ok(await find(lab.open(address, undefined, PASSWORD)));
  // What the app has of its own counts more than what stands in its address.
  const inAddress = address.replace('//', '//builder:wrong-password@');
  assert.ok(await find(lab.open(inAddress, undefined, PASSWORD)));
});

test('while a fetch is under way, only a private file holds the password, and afterwards nothing does', async (context) => {
  const reached = Promise.withResolvers<void>();
  const goOn = Promise.withResolvers<void>();
  const admit = async (body: string) => {
    if (!body.includes('command=fetch')) return;
    reached.resolve();
    await goOn.promise;
  };
  const { lab, address } = await httpLab(context, { name: 'builder', password: 'held-password' }, admit);
  const finding = find(lab.open(address, undefined, { ...PASSWORD, password: 'held-password' }));
  await Promise.race([reached.promise, finding]);
  const processes = await processesWith(`GIT_CONFIG_GLOBAL=${join(lab.mirrorsFolder, 'gitconfig')}`);
  assert.ok(processes.length >= 2, 'git and its helper run');
  assert.ok(!processes.some((text) => text.includes('held-password') || text.includes('builder')));
  const [folder = ''] = await privateFolders(lab.mirrorsFolder);
  const file = join(lab.mirrorsFolder, folder, 'credentials');
  assert.equal((await stat(join(lab.mirrorsFolder, folder))).mode & 0o777, 0o700);
  assert.equal((await stat(file)).mode & 0o777, 0o600);
  assert.match(await readFile(file, 'utf8'), /held-password/);
  goOn.resolve();
  await finding;
  assert.deepEqual(await filesWith(lab.mirrorsFolder, 'held-password'), []);
  assert.deepEqual(await privateFolders(lab.mirrorsFolder), []);
});

test('what a killed server left of private files is gone at the next start', async (context) => {
  const goOn = Promise.withResolvers<void>();
  const reached = Promise.withResolvers<void>();
  const { lab, address } = await httpLab(context, { name: 'builder', password: 'held' }, async () => {
    reached.resolve();
    await goOn.promise;
  });
  const finding = find(lab.open(address, undefined, { ...PASSWORD, password: 'held' }));
  await Promise.race([reached.promise, finding]);
  const copy = join(lab.folder, 'copy');
  await cp(lab.mirrorsFolder, copy, { recursive: true });
  goOn.resolve();
  await finding;
  assert.equal((await privateFolders(copy)).length, 1);
  await lab.restart({ mirrorsFolder: copy });
  assert.deepEqual(await privateFolders(copy), []);
});

test('no other host gets the password: not after a redirect, and not for a submodule', async (context) => {
  const seen: string[] = [];
  const stranger = await startAsking(seen);
  context.after(stranger.stop);
  const { lab, remote, server, address } = await httpLab(context, { name: 'builder', password: PASSWORD.password });
  const redirecting = await startRedirecting((path) => stranger.url + path.slice(1));
  context.after(redirecting.stop);
  await refuses(lab.open(`${redirecting.url}app.git`, undefined, PASSWORD), PASSWORD.password);
  assert.ok(stranger.count() > 0);

  const lib = await lab.remote('lib');
  const [libId = ''] = await lib.commit([{ branch: 'master', files: { l: 'l' } }]);
  const withModule = (url: string) => ({
    branch: 'master',
    files: {
      '.gitmodules': `[submodule "lib"]\n\tpath = lib\n\turl = ${url}\n`,
      lib: { mode: '160000', content: libId },
    },
  });
  const [own = '', foreign = ''] = await remote.commit([
    withModule('../lib.git'),
    withModule(`${stranger.url}lib.git`),
  ]);
  const repository = lab.open(address, undefined, PASSWORD);
  await find(repository);
  const tree = await repository.openTree(own, signal);
  assert.ok(tree.files.some(({ path }) => path === 'lib/l'));
  await tree.close();
  await assert.rejects(repository.openTree(foreign, signal), /does not let us in/);
  assert.deepEqual(seen, []);
  assert.ok(server.count() > 0);
});

test('an ssh key lets us in to a host that is known, and no other key does', async (context) => {
  const lab = await makeGitLab(context, { connectTimeoutMs: 60_000 });
  const remote = await lab.remote("it's 100% app");
  const [id = ''] = await remote.commit([{ branch: 'master', files: { a: 'a' } }]);
  const ssh = await startSshServer(join(lab.folder, 'ssh'));
  context.after(() => ssh.stop());
  const address = ssh.url + encodeURI(remote.path.slice(1)).replaceAll("'", '%27');
  const repository = lab.open(address, undefined, ssh.credentials);
  assert.equal((await find(repository).catch((error) => assert.fail(`${error}: ${error.cause}\n${ssh.log()}`))).id, id);
  const tag = { name: '1.0.0', revisionId: id, message: '' };
  assert.deepEqual(await repository.createTags([tag], signal), ['done']);

  await makeKey(join(lab.folder, 'other'));
  const other = await readFile(join(lab.folder, 'other'), 'utf8');
  await refuses(lab.open(address, undefined, { ...ssh.credentials, privateKey: other }), other.split('\n')[1] ?? '');
  const unknown = { ...ssh.credentials, knownHosts: ssh.credentials.knownHosts.replace('127.0.0.1', '127.0.0.2') };
  await assert.rejects(lab.open(address, undefined, unknown).listBranches(signal), /ssh key is not known/);
  assert.deepEqual(await privateFolders(lab.mirrorsFolder), []);
});
