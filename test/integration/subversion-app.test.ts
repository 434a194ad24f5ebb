import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { openCommandLine } from '../support/command-line.ts';
import { makeTestRepository } from '../support/git.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { makeSvnRepository, runTestSvn } from '../support/svn.ts';
import { startSvnHttp } from '../support/svn-http-server.ts';
import { until } from '../support/until.ts';

const PACKAGES = '/api/1/apps/legacy/packages';

async function setUp(context: TestContext) {
  const server = await startTestServer(context);
  const remote = await makeSvnRepository(join(server.dataFolder, 'legacy'));
  await remote.commit('trunk', { 'model.txt': 'one' });
  await remote.commit('branches/feature', { 'model.txt': 'two' }, { from: 'trunk' });
  const created = await server.call('POST', '/manage/1/apps', { AppId: 'legacy', Repository: remote.path });
  assert.deepEqual([created.status, created.body.Kind], [200, 'svn'], JSON.stringify(created.body));
  const build = async (fields: Readonly<Record<string, unknown>>) => {
    const { status, body } = await server.call('POST', PACKAGES, { Version: '2.5.4', ...fields });
    assert.equal(status, 200, JSON.stringify(body));
    return await until('the build ends and its tag is there', async () => {
      const found = (await server.call('GET', `${PACKAGES}/${body.PackageId}`)).body;
      return found.Status === 'Failed' || (found.Status === 'Succeeded' && found.TagStatus !== 'Pending')
        ? found
        : false;
    });
  };
  return { server, remote, build };
}

/** A command line of an admin. No word that it is given holds a blank. */
function commandLineOf(server: TestServer) {
  const { username, apiKey } = server.admin;
  const variables = { SLIPWAY_URL: server.url, SLIPWAY_USERNAME: username, SLIPWAY_API_KEY: apiKey };
  const slipway = openCommandLine(server.dataFolder, variables);
  return (words: string, stdin = '') => slipway.run(words.split(' '), { stdin });
}

test('an app on Subversion gets its packages through the same calls, named and tagged by the number', async (context) => {
  const { remote, build } = await setUp(context);
  const trunk = await build({ Branch: 'trunk', Revision: 1 });
  assert.deepEqual(
    [trunk.Status, trunk.Version, trunk.Name, trunk.Branch, trunk.Revision, trunk.TagStatus],
    ['Succeeded', '2.5.4.1', 'Main line-2.5.4.1.mda', 'trunk', '1', 'Done'],
  );
  const feature = await build({ Branch: 'branches/feature', Revision: '2' });
  assert.deepEqual(
    [feature.Name, feature.Branch, feature.TagStatus],
    ['feature-2.5.4.2.mda', 'branches/feature', 'Done'],
  );
  assert.equal(await runTestSvn('svn', ['cat', `${remote.url}/tags/2.5.4.1/model.txt`]), 'one');
  assert.equal(await runTestSvn('svn', ['cat', `${remote.url}/tags/2.5.4.2/model.txt`]), 'two');
});

test('a revision that is not on the branch is refused, and built where the app allows it', async (context) => {
  const { server, build } = await setUp(context);
  const request = { Branch: 'branches/feature', Revision: 1, Version: '2.5.4' };
  const refused = await server.call('POST', PACKAGES, request);
  assert.deepEqual([refused.status, refused.body.errorCode], [400, 'INVALID_PARAMETERS']);
  assert.match(refused.body.errorMessage, /1 is not on the branch 'feature'/);
  for (const Revision of [99, 'abc', '1'.repeat(40)]) {
    const { status, body } = await server.call('POST', PACKAGES, { Revision, Version: '2.5.4' });
    assert.deepEqual([status, body.errorCode], [400, 'INVALID_PARAMETERS'], String(Revision));
  }
  await server.call('PATCH', '/manage/1/apps/legacy', { AllowForeignRevisions: true });
  assert.equal((await build(request)).Status, 'Succeeded');
});

test('a kind that a server hides behind a password is asked for, and found out with one', async (context) => {
  const { server, remote } = await setUp(context);
  const svn = await startSvnHttp(dirname(remote.path), { user: { name: 'me', password: 'secret' } });
  context.after(svn.stop);
  const create = (AppId: string, Repository: string, Kind?: string) =>
    server.call('POST', '/manage/1/apps', { AppId, Repository, ...(Kind !== undefined && { Kind }) });
  const address = `${svn.url}legacy`;
  const { status, body } = await create('hidden', address);
  assert.deepEqual([status, body.errorCode], [400, 'INVALID_PARAMETERS']);
  assert.match(body.errorMessage, /asks for a password before it says .*--kind git or --kind svn/);
  assert.equal((await create('known', address.replace('//', '//me:secret@'))).body.Kind, 'svn');
  assert.equal((await create('said', address, 'svn')).body.Kind, 'svn');
  const credentials = { Kind: 'password', Username: 'me', Password: 'secret' };
  assert.equal((await server.call('PUT', '/manage/1/apps/said/credentials', credentials)).status, 200);
  const built = await server.call('POST', '/api/1/apps/said/packages', { Revision: 1, Version: '1.0.0' });
  assert.equal(built.status, 200, JSON.stringify(built.body));
});

test('a kind that is given is not found out, and an address has to suit it', async (context) => {
  const { server, remote } = await setUp(context);
  const create = (AppId: string, Repository: string, Kind?: string) =>
    server.call('POST', '/manage/1/apps', { AppId, Repository, ...(Kind !== undefined && { Kind }) });
  assert.equal((await create('said', remote.path, 'git')).body.Kind, 'git');
  assert.equal((await create('inner', `${remote.url}/trunk`)).body.Kind, 'svn');
  assert.equal((await create('remote', 'svn+ssh://svn@svn.example.com/srv/app')).body.Kind, 'svn');
  const refused = await create('other', 'svn+rsh://svn.example.com/app', 'svn');
  assert.deepEqual([refused.status, refused.body.errorCode], [400, 'INVALID_PARAMETERS']);
});

test('on the command line the kind of a file:// address is found out, and --kind says it instead', async (context) => {
  const { server, remote } = await setUp(context);
  const run = commandLineOf(server);
  const calc = await makeTestRepository(join(server.dataFolder, 'calc.git'), { mainBranch: 'main' });
  const gitUrl = pathToFileURL(calc.path).href;
  for (const [app, address, kind] of [
    ['on-svn', remote.url, 'svn'],
    ['on-git', gitUrl, 'git'],
    ['said-git', `${remote.url} --kind git`, 'git'],
    ['said-svn', `${gitUrl} --kind svn`, 'svn'],
  ]) {
    const { code, stdout, stderr } = await run(`app create ${app} --repository ${address}`);
    assert.equal(code, 0, stderr);
    assert.match(stdout, new RegExp(`^Repository +file://\\S+ \\(${kind}\\)$`, 'm'), app);
  }
  const unknown = await run(`app create other --repository ${remote.url} --kind cvs`);
  assert.equal(unknown.code, 2);
  assert.match(unknown.stderr, /'--kind <kind>'.*'cvs'.*git, svn/);
  for (const [app, words] of [
    ['said-git', /legacy is not there, or is no Git repository\.$/m],
    ['said-svn', /calc\.git is not there, or is no Subversion repository\.$/m],
  ] as const) {
    const { code, stderr } = await run(`build start ${app} --revision 1 --version 1.0.0`);
    assert.equal(code, 3);
    assert.match(stderr, words);
  }
});

test('a token is sent as the password of the user that is named, else of pat', async (context) => {
  const server = await startTestServer(context);
  const run = commandLineOf(server);
  for (const [user, options] of [
    ['pat', ''],
    ['builder', ' --user builder'],
  ] as const) {
    const folder = join(server.dataFolder, user);
    await mkdir(folder);
    const remote = await makeSvnRepository(join(folder, 'app'));
    await remote.commit('trunk', { 'model.txt': 'one' });
    const svn = await startSvnHttp(folder, { user: { name: user, password: 'a-t0ken' } });
    context.after(svn.stop);
    await run(`app create ${user} --repository ${svn.url}app --kind svn`);
    const build = () => run(`build start ${user} --revision 1 --version 1.0.0 --wait`);
    assert.equal((await run(`app credentials set ${user} --kind token${options}`, 'another')).code, 0);
    const refused = await build();
    assert.deepEqual([refused.code, refused.stdout], [3, '']);
    assert.match(refused.stderr, /does not let us in/);
    await run(`app credentials set ${user} --kind token${options}`, 'a-t0ken');
    const built = await build();
    assert.equal(built.code, 0, built.stderr);
    await until('the tag is there', async () =>
      runTestSvn('svn', ['cat', `${remote.url}/tags/1.0.0.1/model.txt`]).catch(() => false),
    );
  }
});

test('a folder that leads out of the address is refused', async (context) => {
  const { server, remote } = await setUp(context);
  for (const name of ['Trunk', 'Branches', 'Tags']) {
    const app = { AppId: 'other', Repository: remote.path, [name]: 'a/../../b' };
    const answers = [
      await server.call('POST', '/manage/1/apps', app),
      await server.call('PATCH', '/manage/1/apps/legacy', { [name]: '../b' }),
    ];
    for (const { status, body } of answers) {
      assert.deepEqual([status, body.errorCode], [400, 'INVALID_PARAMETERS']);
      assert.match(body.errorMessage, new RegExp(`^${name} is '.*b': give a folder below the address`));
    }
  }
});
