import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { openBuildApiWorld } from '../support/build-api-world.ts';
import { makeTestRepository } from '../support/git.ts';
import { startGitHttp, startSilentServer } from '../support/git-servers.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** Far above what an answer takes on a loaded machine, and below the limits of other tests. */
const SOON_MS = 20_000;

async function createApp(server: TestServer, appId: string, repository: string): Promise<void> {
  const app = { AppId: appId, Repository: repository };
  assert.equal((await server.call('POST', '/manage/1/apps', app)).status, 200);
}

function startBuild(server: TestServer, appId: string) {
  return server.call('POST', `/api/1/apps/${appId}/packages`, { Revision: '1', Version: '1.0.0' });
}

test('a repository that accepts connections and says nothing is answered for within the limit', async (context) => {
  const silent = await startSilentServer();
  context.after(silent.stop);
  const server = await startTestServer(context, { repositoryTimeoutMs: 300 });
  for (const scheme of ['git', 'http']) {
    const address = `${silent.url.replace('git:', `${scheme}:`)}app.git`;
    await createApp(server, scheme, address);
    const before = silent.count();
    const startedAt = performance.now();
    const { status, body } = await startBuild(server, scheme);
    assert.ok(performance.now() - startedAt < SOON_MS, 'it took too long');
    assert.ok(silent.count() > before);
    assert.deepEqual([status, body.errorCode], [500, 'BUILD_FAILED']);
    assert.equal(body.errorMessage, `The repository ${address} did not answer within 0.3 s.`);
    assert.deepEqual((await server.call('GET', `/api/1/apps/${scheme}/packages`)).body, []);
  }
});

test('one that falls silent in the middle of a fetch is given up as well, and other apps build meanwhile', async (context) => {
  const folder = await temporaryFolder(context);
  const source = await makeTestRepository(join(folder, 'app.git'));
  await source.commit([{ branch: 'master', files: { a: 'a' } }]);
  const fetching = Promise.withResolvers<void>();
  const git = await startGitHttp(folder, undefined, async (body) => {
    if (!body.includes('command=fetch')) return;
    fetching.resolve();
    await new Promise(() => undefined);
  });
  context.after(git.stop);
  const world = await openBuildApiWorld(context, { fetchTimeoutMs: 3000 });
  await world.build();
  await createApp(world.server, 'silent', `${git.url}app.git`);
  const startedAt = performance.now();
  const refused = startBuild(world.server, 'silent');
  await fetching.promise;
  assert.equal((await world.build()).Status, 'Succeeded');
  const { status, body } = await refused;
  assert.ok(performance.now() - startedAt < SOON_MS, 'it took too long');
  assert.deepEqual([status, body.errorCode], [500, 'BUILD_FAILED']);
  assert.equal(body.errorMessage, `The repository ${git.url}app.git did not answer within 3 s.`);
});
