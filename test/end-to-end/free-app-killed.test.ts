import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { makeTestRepository } from '../support/git.ts';
import { call } from '../support/server.ts';
import { type ServerProcess, startServerProcess } from '../support/server-process.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';

/** How many packages have been deployed when each life of the server ends. */
const LIVES = [0, 1, 2];
const BUILDS = 6;
const PACKAGES = '/api/1/apps/gift/packages';

interface Shown {
  readonly PackageId: string;
  readonly Status: string;
  readonly DeployStatus: string | null;
}

test('after kill -9 in the middle of builds and deployments, the Sandbox runs the newest package', async (t) => {
  const folder = await temporaryFolder(t);
  const dataFolder = join(folder, 'data');
  const source = await makeTestRepository(join(folder, 'source.git'));
  const [Revision] = await source.commit([{ branch: 'main', files: { 'file.txt': 'x'.repeat(5000) } }]);
  const open = async () => {
    const server = await startServerProcess(dataFolder);
    t.after(() => server.end('SIGKILL'));
    return server;
  };
  const ask = async (server: ServerProcess, method: string, path: string, body?: object) => {
    const answer = await call(server.url, method, path, body, server.admin);
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    return answer.body;
  };
  const list = async (server: ServerProcess): Promise<Shown[]> => await ask(server, 'GET', PACKAGES);

  for (const [life, deployed] of LIVES.entries()) {
    const server = await open();
    if (life === 0) {
      const app = { AppId: 'gift', Repository: source.path, MainBranch: 'main', Free: true };
      await ask(server, 'POST', '/manage/1/apps', app);
    }
    for (let build = 0; build < BUILDS; build++) {
      await ask(server, 'POST', PACKAGES, { Revision, Version: `1.${life}.${build}` });
    }
    await until('enough packages were deployed', async () => {
      const done = (await list(server)).filter(({ DeployStatus }) => DeployStatus === 'Done');
      return done.length >= deployed;
    });
    assert.equal(await server.end('SIGKILL'), 'SIGKILL');
  }

  const server = await open();
  const packages = await until('every package is built, and deployed or passed by', async () => {
    const all = await list(server);
    const isOpen = ({ Status, DeployStatus }: Shown) =>
      Status !== 'Failed' && (DeployStatus ?? 'Pending') === 'Pending';
    return !all.some(isOpen) && all;
  });
  assert.equal(packages.length, LIVES.length * BUILDS);
  const newest = packages.find(({ Status }) => Status === 'Succeeded');
  const [sandbox] = await ask(server, 'GET', '/manage/1/apps/gift/environments');
  const { Status, PackageId, RunningPackageId } = sandbox;
  const expected = ['Running', newest?.PackageId, newest?.PackageId];
  assert.deepEqual([Status, PackageId, RunningPackageId], expected);
  assert.equal(newest?.DeployStatus, 'Done');
  const words = new Set(packages.map(({ DeployStatus }) => DeployStatus));
  assert.deepEqual([...words.difference(new Set(['Done', 'Skipped', null]))], []);
});
