import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import type { WirePush } from '../../src/protocol/pushes.ts';
import { github, NOWHERE } from '../support/forge-pushes.ts';
import { makeTestRepository } from '../support/git.ts';
import { sendPush } from '../support/push-world.ts';
import { call } from '../support/server.ts';
import { type ServerProcess, startServerProcess } from '../support/server-process.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';

/** After how many answered pushes each life of the server ends: at once, or once one of them has come so far. */
const LIVES = [
  { pushes: 1, seen: () => true },
  { pushes: 3, seen: () => true },
  { pushes: 2, seen: (push: WirePush) => push.Status === 'Started' },
  { pushes: 3, seen: (push: WirePush) => push.PackageStatus === 'Building' || push.PackageStatus === 'Succeeded' },
  { pushes: 3, seen: (push: WirePush) => push.PackageStatus === 'Succeeded' },
];

async function listPushes({ url, admin }: ServerProcess): Promise<readonly WirePush[]> {
  return (await call(url, 'GET', '/manage/1/apps/calc/pushes', undefined, admin)).body;
}

test('after kill -9, every push that was answered starts its build, once, with a version of its own', async (t) => {
  const folder = await temporaryFolder(t);
  const dataFolder = join(folder, 'data');
  const source = await makeTestRepository(join(folder, 'source.git'), { mainBranch: 'main' });
  const count = LIVES.reduce((sum, { pushes }) => sum + pushes, 0);
  const revisions = await source.commit(
    Array.from({ length: count }, (_, index) => ({ branch: 'main', files: { 'made.txt': String(index) } })),
  );
  const waiting = [...revisions];
  let secret = '';
  for (const { pushes, seen } of LIVES) {
    const server = await startServerProcess(dataFolder);
    t.after(() => server.end('SIGKILL'));
    if (secret === '') {
      const give = async (method: string, path: string, body: object) => {
        const answer = await call(server.url, method, path, body, server.admin);
        assert.equal(answer.status, 200, JSON.stringify(answer.body));
        return answer.body;
      };
      await give('POST', '/manage/1/apps', { AppId: 'calc', Repository: source.path });
      await give('PUT', '/manage/1/apps/calc/push-rules/main', {});
      secret = (await give('PUT', '/manage/1/apps/calc/push-secret', {})).Secret;
    }
    const now = waiting.splice(0, pushes);
    await Promise.all(
      now.map(async (after) => {
        const delivery = github({ branch: 'main', before: NOWHERE, after }, secret);
        const answer = await sendPush(server.url, delivery, 'calc');
        assert.deepEqual([answer.status, answer.body.Accepted], [200, true]);
      }),
    );
    await until('one has come so far', async () =>
      (await listPushes(server)).some((push) => now.includes(push.After) && seen(push)),
    );
    assert.equal(await server.end('SIGKILL'), 'SIGKILL');
  }
  const server = await startServerProcess(dataFolder);
  t.after(() => server.end('SIGKILL'));
  const pushes = await until('every build has ended', async () => {
    const listed = await listPushes(server);
    return listed.every(({ PackageStatus }) => PackageStatus === 'Succeeded') && listed;
  });
  assert.deepEqual(pushes.map(({ After }) => After).toSorted(), revisions.toSorted());
  const packages = (await call(server.url, 'GET', '/api/1/apps/calc/packages', undefined, server.admin)).body;
  const built = packages.map(({ PackageId }: { PackageId: string }) => PackageId);
  assert.deepEqual(built.toSorted(), pushes.map(({ PackageId }) => PackageId).toSorted());
  const versions = packages.map(({ Version }: { Version: string }) => Version.replace(/\.[^.]*$/, ''));
  assert.deepEqual(
    versions,
    Array.from({ length: count }, (_, at) => `1.0.${count - 1 - at}`),
  );
  assert.equal(await server.end('SIGTERM'), 0);
});
