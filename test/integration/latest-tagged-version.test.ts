import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { findLatestTaggedVersions } from '../../src/operations/find-latest-tagged-versions.ts';
import { openRepositories } from '../../src/repository/repositories.ts';
import { addApp, addPackage, testDatabase } from '../support/database.ts';
import { makeTestRepository } from '../support/git.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const signal = new AbortController().signal;
const main = { name: 'master', isMainLine: true };

test('a branch’s latest tagged version ends in its newest integer after a build of its newest revision', async (t) => {
  const folder = await temporaryFolder(t);
  const source = await makeTestRepository(join(folder, 'source.git'));
  const ids = await source.commit([
    { branch: 'master', files: { a: '1' } },
    { branch: 'side', files: { b: '1' }, parents: [0] },
    { branch: 'master', files: { a: '2' }, parents: [0] },
    { branch: 'master', files: { a: '3' }, parents: [2, 1] },
  ]);
  const [first = '', side = '', , head = ''] = ids;
  const database = await testDatabase(t);
  const app = await addApp(database, 'calc', source.path);
  const repositories = openRepositories({
    mirrorsFolder: join(folder, 'mirrors'),
    path: process.env.PATH ?? '',
    home: folder,
  });
  t.after(() => repositories.closeAll());
  const repositoryOf = () =>
    repositories.forApp({ key: app.id, kind: 'git', repository: source.path, mainBranch: null });
  const find = async (branch = main) =>
    (await findLatestTaggedVersions({ database, repositoryOf }, app, [branch], signal))[0];
  const build = (revision: string, version: string, branch = 'master') =>
    addPackage(database, app, { revision, version, branch, status: 'Succeeded', blob_key: version });

  assert.equal(await find(), '0.0.0.0');
  await build(first, `1.0.0.${first.slice(0, 8)}`);
  assert.equal(await find(), '1.0.0.1');
  await build(head, `1.0.1.${head.slice(0, 8)}`);
  await addPackage(database, app, { revision: head, version: '9.9.9.4', branch: 'master' });
  const count = await source.git(['rev-list', '--count', 'master']);
  assert.equal(await find(), `1.0.1.${count}`);
  await build(side, '1.0.2.2', 'side');
  assert.equal(await find({ name: 'side', isMainLine: false }), '1.0.2.2');
  assert.equal(await find(), `1.0.1.${count}`);
  await build(side, `1.0.3.${side.slice(0, 8)}`);
  assert.equal(await find(), `1.0.3.${side.slice(0, 8)}`, 'a revision that was merged in has no integer on the branch');
});
