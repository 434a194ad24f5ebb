import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { startTestServer } from '../support/server.ts';
import { makeSvnRepository, runTestSvn } from '../support/svn.ts';
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
