import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { filesWith } from '../support/files-with.ts';
import { makeTestRepository } from '../support/git.ts';
import { startGitHttp, startRedirecting } from '../support/git-servers.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const SECRET = 'what only this machine may read';

async function startBuild(server: TestServer, appId: string, repository: string) {
  const app = { AppId: appId, Repository: repository };
  assert.equal((await server.call('POST', '/manage/1/apps', app)).status, 200);
  return server.call('POST', `/api/1/apps/${appId}/packages`, { Revision: '1', Version: '1.0.0' });
}

async function setUp(context: { after(work: () => unknown): void }) {
  const folder = await temporaryFolder(context);
  const local = await makeTestRepository(join(folder, 'local.git'));
  const [head = ''] = await local.commit([{ branch: 'master', files: { 'secret.txt': SECRET } }]);
  await local.git(['update-server-info']);
  const server = await startTestServer(context);
  return { folder, local, head, server };
}

for (const [name, prefix] of [
  ['file', (path: string) => `file://${path}`],
  ['ext', (_path: string, folder: string) => `ext::sh -c touch% ${folder}/ran% `],
] as const) {
  test(`a repository that redirects to ${name}: is refused, and nothing of this machine is read or run`, async (context) => {
    const { folder, local, head, server } = await setUp(context);
    const target = prefix(local.path, folder);
    const redirecting = await startRedirecting((path) => target + path.replace(/^\/app\.git/, ''));
    context.after(redirecting.stop);
    const { status, body } = await startBuild(server, 'app', `${redirecting.url}app.git`);
    assert.ok(redirecting.count() > 0);
    assert.deepEqual([status, body.errorCode], [500, 'BUILD_FAILED']);
    const reason = 'redirects to an address that is not followed: only http and https are';
    assert.equal(body.errorMessage, `The repository ${redirecting.url}app.git ${reason}.`);
    assert.deepEqual(await filesWith(server.dataFolder, head), []);
    assert.ok(!(await readdir(folder)).includes('ran'));
  });
}

test('a repository that redirects to another one over http is followed', async (context) => {
  const { folder, server } = await setUp(context);
  const git = await startGitHttp(folder);
  context.after(git.stop);
  const redirecting = await startRedirecting((path) => git.url + path.replace(/^\/app\.git/, 'local.git'));
  context.after(redirecting.stop);
  const { status, body } = await startBuild(server, 'app', `${redirecting.url}app.git`);
  assert.equal(status, 200, JSON.stringify(body));
});
