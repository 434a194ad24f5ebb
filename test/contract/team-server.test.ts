import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { makeTestRepository } from '../support/git.ts';
import { projectFileOf } from '../support/project-file.ts';
import { readPackage } from '../support/script-world.ts';
import { startTestServer } from '../support/server.ts';
import { makeSvnRepository } from '../support/svn.ts';

const BRANCHES = '/api/1/apps/calc/branches';

function projectOf(version: string): Buffer {
  return projectFileOf(`CREATE TABLE _MetaData(_ProductVersion TEXT); INSERT INTO _MetaData VALUES ('${version}');
    CREATE TABLE Unit(UnitID BLOB, Contents BLOB)`);
}

/** Three revisions of the main line, of which the last is of a newer Mendix, and a branch at the second. */
async function setUp(t: TestContext, kind: 'git' | 'svn') {
  const server = await startTestServer(t);
  const folder = join(server.dataFolder, 'remote');
  await mkdir(folder);
  const { path, ids } = await (kind === 'git' ? makeGit : makeSvn)(join(folder, 'calc'));
  const app = { AppId: 'calc', Repository: path, Builder: 'archive' };
  assert.equal((await server.call('POST', '/manage/1/apps', app)).status, 200);
  const get = async (rest: string) => await server.call('GET', BRANCHES + rest);
  const build = async (fields: object) => {
    const { status, body } = await server.call('POST', '/api/1/apps/calc/packages', fields);
    assert.equal(status, 200, JSON.stringify(body));
    assert.equal((await readPackage(server, body.PackageId)).status, 'Succeeded');
  };
  return { server, get, build, ids };
}

async function makeGit(path: string) {
  const repository = await makeTestRepository(path, { mainBranch: 'main' });
  const ids = await repository.commit([
    { branch: 'main', files: { 'App.mpr': projectOf('9.24.0.2965') } },
    { branch: 'main', files: { 'a.txt': 'two' }, parents: [0] },
    { branch: 'main', files: { 'App.mpr': projectOf('10.12.3.41523') }, parents: [1] },
    { branch: 'release/1', files: { 'b.txt': 'b' }, parents: [1] },
  ]);
  return { path: repository.path, ids };
}

async function makeSvn(path: string) {
  const repository = await makeSvnRepository(path);
  const ids = [
    await repository.commit('trunk', { 'App.mpr': projectOf('9.24.0.2965') }),
    await repository.commit('trunk', { 'a.txt': 'two' }),
    await repository.commit('trunk', { 'App.mpr': projectOf('10.12.3.41523') }),
    await repository.commit('branches/release', { 'b.txt': 'b' }, { from: 'trunk' }),
  ];
  return { path: repository.path, ids };
}

test('Git: a script that was written for Subversion finds the newest revision and builds it by its number', async (t) => {
  const { get, build } = await setUp(t, 'git');
  const before = (await get('/trunk')).body;
  assert.deepEqual(before, {
    Name: 'main',
    DisplayName: 'Main line',
    LatestRevisionNumber: 3,
    LatestRevisionMendixVersion: '10.12.3.41523',
    LatestTaggedVersion: '0.0.0.0',
  });
  await build({ Revision: before.LatestRevisionNumber, Version: '1.0.0', Branch: 'trunk' });
  const after = (await get('/main/')).body;
  assert.equal(after.LatestTaggedVersion, '1.0.0.3');
});

test('Git: branches and revisions carry what the documentation names', async (t) => {
  const { get, ids } = await setUp(t, 'git');
  const { status, body } = await get('');
  assert.equal(status, 200);
  assert.deepEqual(body.slice(1), [
    {
      Name: 'branches/release/1',
      DisplayName: 'release/1',
      LatestRevisionNumber: 3,
      LatestRevisionMendixVersion: '9.24.0.2965',
      LatestTaggedVersion: '0.0.0.0',
    },
  ]);
  for (const name of ['branches%2Frelease%2F1', 'release%2F1', 'branches%252Frelease%2F1']) {
    assert.deepEqual((await get(`/${name}`)).body, body[1], name);
  }
  const revisions = (await get('/branches%2Frelease%2F1/revisions/')).body;
  assert.deepEqual(
    revisions.map((one: Record<string, unknown>) => [one.Number, one.Hash, one.MendixVersion]),
    [
      [3, ids[3], '9.24.0.2965'],
      [2, ids[1], '9.24.0.2965'],
      [1, ids[0], '9.24.0.2965'],
    ],
  );
  const [newest] = (await get('/trunk/revisions?limit=1')).body;
  assert.deepEqual(Object.keys(newest), ['Number', 'CommitMessage', 'Date', 'Author', 'MendixVersion', 'Hash']);
  assert.match(newest.Author, /@/);
  assert.ok(Number.isInteger(newest.Date) && typeof newest.CommitMessage === 'string');
});

test('Subversion: branches and revisions have the numbers of the repository', async (t) => {
  const { get, build, ids } = await setUp(t, 'svn');
  await build({ Revision: ids[2], Version: '1.0.0', Branch: 'Main line' });
  assert.deepEqual((await get('')).body, [
    {
      Name: 'trunk',
      DisplayName: 'Main line',
      LatestRevisionNumber: 3,
      LatestRevisionMendixVersion: '10.12.3.41523',
      LatestTaggedVersion: '1.0.0.3',
    },
    {
      Name: 'branches/release',
      DisplayName: 'release',
      LatestRevisionNumber: 4,
      LatestRevisionMendixVersion: '10.12.3.41523',
      LatestTaggedVersion: '0.0.0.0',
    },
  ]);
  const revisions = (await get('/trunk/revisions?limit=2')).body;
  assert.deepEqual(
    revisions.map((one: Record<string, unknown>) => [one.Number, one.Author, one.MendixVersion]),
    [
      [3, 'Richard Ford', '10.12.3.41523'],
      [2, 'Richard Ford', '9.24.0.2965'],
    ],
  );
  assert.equal(Object.hasOwn(revisions[0], 'Hash'), false);
});

test('what is not there is told by its code', async (t) => {
  const { server, get } = await setUp(t, 'git');
  const codeOf = async (answer: ReturnType<typeof get>) => {
    const { status, body } = await answer;
    return [status, body.errorCode];
  };
  assert.deepEqual(await codeOf(get('/no-such')), [404, 'BRANCH_NOT_FOUND']);
  assert.deepEqual(await codeOf(get('/no-such/revisions')), [404, 'BRANCH_NOT_FOUND']);
  assert.deepEqual(await codeOf(get('/trunk/revisions?limit=none')), [400, 'INVALID_PARAMETERS']);
  const other = (app: string) => server.call('GET', `/api/1/apps/${app}/branches`);
  assert.deepEqual(await codeOf(other('other')), [404, 'APP_NOT_FOUND']);
  assert.deepEqual(await codeOf(other('no+app')), [400, 'INVALID_APPID']);
  await server.call('POST', '/manage/1/apps', { AppId: 'gone', Repository: '/nowhere/gone.git' });
  assert.deepEqual(await codeOf(other('gone')), [502, 'REPOSITORY_UNAVAILABLE']);
  const nobody = { username: 'admin', apiKey: 'wrong' };
  assert.deepEqual(await codeOf(server.call('GET', BRANCHES, undefined, nobody)), [401, 'UNAUTHORIZED']);
});

test('a source without a readable project has no Mendix version', async (t) => {
  const server = await startTestServer(t);
  const repository = await makeTestRepository(join(server.dataFolder, 'calc.git'), { mainBranch: 'main' });
  await repository.commit([
    { branch: 'main', files: { 'a.txt': 'a' } },
    { branch: 'two', files: { 'One.mpr': projectOf('9.0.0'), 'Two.mpr': projectOf('9.0.0') }, parents: [] },
    { branch: 'torn', files: { 'One.mpr': 'version https://git-lfs.github.com/spec/v1\n' }, parents: [] },
  ]);
  await server.call('POST', '/manage/1/apps', { AppId: 'calc', Repository: repository.path });
  const versions = (await server.call('GET', BRANCHES)).body.map(
    (branch: Record<string, unknown>) => branch.LatestRevisionMendixVersion,
  );
  assert.deepEqual(versions, ['', '', '']);
  await server.call('PATCH', '/manage/1/apps/calc', { ProjectFile: 'Two.mpr' });
  assert.equal((await server.call('GET', `${BRANCHES}/two`)).body.LatestRevisionMendixVersion, '9.0.0');
});
