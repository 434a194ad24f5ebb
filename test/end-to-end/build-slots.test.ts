import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { makeTestRepository } from '../support/git.ts';
import { makeHeldRepository } from '../support/held-repository.ts';
import { call } from '../support/server.ts';
import { startServerProcess } from '../support/server-process.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';

/** Each of the builds starts several programs. */
const DEADLINE_MS = 60_000;

async function setUp(context: { after(work: () => unknown): void }, environment: Readonly<Record<string, string>>) {
  const folder = await temporaryFolder(context);
  const held = await makeHeldRepository(context, folder);
  const calc = await makeTestRepository(join(folder, 'calc.git'));
  await calc.commit([{ branch: 'master', files: { a: 'a' } }]);
  const { url, admin, end } = await startServerProcess(join(folder, 'data'), {
    SLIPWAY_REPOSITORY_TIMEOUT: '5m',
    ...environment,
  });
  context.after(() => end('SIGKILL'));

  const send = async (method: string, path: string, body?: unknown) => {
    const answer = await call(url, method, path, body, admin);
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    return answer.body;
  };
  return {
    release: held.release,
    createApp: (AppId: string, kind: 'held' | 'calc') =>
      send('POST', '/manage/1/apps', { AppId, Repository: { held, calc }[kind].path }),
    startBuild: (appId: string, Version: string) =>
      send('POST', `/api/1/apps/${appId}/packages`, { Revision: '1', Version }),
    /** The statuses of an app's builds, the oldest first. */
    statuses: async (appId: string): Promise<readonly string[]> => {
      const packages = await send('GET', `/api/1/apps/${appId}/packages`);
      return packages.map(({ Status }: { Status: string }) => Status).toReversed();
    },
    /** How many builds run and how many wait at one moment, over all apps. */
    count: async () => {
      const text = await (await fetch(`${url}/metrics`)).text();
      const of = (status: string) =>
        Number(new RegExp(`^slipway_builds\\{status="${status}"\\} (\\d+)$`, 'm').exec(text)?.[1] ?? 0);
      return { running: of('Building') + of('Uploading'), waiting: of('Queued') };
    },
  };
}

const isUnderWay = (status: string) => status === 'Building' || status === 'Uploading';

test('no more builds run at once than there are slots, and apps share them', async (context) => {
  const { createApp, startBuild, statuses, count, release } = await setUp(context, { SLIPWAY_BUILD_SLOTS: '2' });
  const apps = ['one', 'two', 'three'];
  for (const app of apps) await createApp(app, 'held');
  for (const version of ['1.0.0', '1.0.1']) for (const app of apps) await startBuild(app, version);
  await until('both slots are taken', async () => (await count()).running === 2);
  await startBuild('three', '1.0.2');
  assert.deepEqual(await count(), { running: 2, waiting: 5 });
  assert.deepEqual(await statuses('one'), ['Building', 'Queued']);
  assert.deepEqual(await statuses('two'), ['Building', 'Queued']);

  release();
  await until(
    'every build has succeeded',
    async () => {
      const { running } = await count();
      assert.ok(running <= 2, `${running} builds run at once`);
      const all = (await Promise.all(apps.map(statuses))).flat();
      assert.ok(!all.includes('Failed'));
      return all.every((status) => status === 'Succeeded');
    },
    DEADLINE_MS,
  );
});

test('an app runs no more builds at once than one app may, while another app goes on', async (context) => {
  const limits = { SLIPWAY_BUILD_SLOTS: '3', SLIPWAY_BUILDS_PER_APP: '1' };
  const { createApp, startBuild, statuses, count, release } = await setUp(context, limits);
  await createApp('held', 'held');
  await createApp('calc', 'calc');
  for (const version of ['1.0.0', '1.0.1', '1.0.2']) await startBuild('held', version);
  await until('one of them runs', async () => (await count()).running === 1);
  for (const version of ['1.0.0', '1.0.1', '1.0.2']) await startBuild('calc', version);
  await until(
    'the other app is done',
    async () => {
      const calc = await statuses('calc');
      assert.ok(calc.filter(isUnderWay).length <= 1, calc.join());
      return calc.every((status) => status === 'Succeeded');
    },
    DEADLINE_MS,
  );
  assert.deepEqual(await statuses('held'), ['Building', 'Queued', 'Queued']);

  release();
  await until(
    'every build has succeeded',
    async () => {
      const held = await statuses('held');
      assert.ok(held.filter(isUnderWay).length <= 1, held.join());
      return held.every((status) => status === 'Succeeded');
    },
    DEADLINE_MS,
  );
});
