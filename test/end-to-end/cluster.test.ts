import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { hasEnded } from '../../src/protocol/package.ts';
import { type Cluster, startCluster } from '../support/cluster.ts';
import { makeTestRepository } from '../support/git.ts';
import { listeningPorts } from '../support/listening-ports.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';

/** Has a package of the app `calc` built, and reads it. */
async function buildAndDownload(cluster: Cluster, revision: string, version: string): Promise<void> {
  const packages = '/api/1/apps/calc/packages';
  const started = await cluster.call('POST', packages, { Revision: revision, Version: version });
  assert.equal(started.status, 200, JSON.stringify(started.body));
  const body = await until('the build has ended', async () => {
    const { body } = await cluster.call('GET', `${packages}/${started.body.PackageId}?wait=5`);
    return hasEnded(body.Status) && body;
  });
  assert.equal(body.Status, 'Succeeded', JSON.stringify(body));
  const headers = { 'Mendix-Username': cluster.admin.username, 'Mendix-ApiKey': cluster.admin.apiKey };
  const download = await fetch(`${cluster.url}${packages}/${started.body.PackageId}/download`, { headers });
  assert.equal((await download.bytes()).length, body.Size);
}

test('two servers and two workers are one, whichever of them is gone', async (t) => {
  const source = await makeTestRepository(join(await temporaryFolder(t), 'source.git'), { mainBranch: 'main' });
  const [revision = ''] = await source.commit([{ branch: 'main', files: { 'readme.txt': 'one' } }]);
  const cluster = await startCluster(t);
  const app = { AppId: 'calc', Repository: source.path, MainBranch: 'main' };
  assert.equal((await cluster.call('POST', '/manage/1/apps', app)).status, 200);
  const [server, otherServer] = cluster.servers;
  const [worker, otherWorker] = cluster.workers;

  const build = (version: string) => buildAndDownload(cluster, revision, version);
  await build('1.0.0');
  assert.equal(await server?.end('SIGKILL'), 'SIGKILL');
  assert.equal(await worker?.end('SIGKILL'), 'SIGKILL');
  await build('1.0.1');
  await Promise.all([server?.start(), worker?.start()]);
  assert.equal(await otherServer?.end('SIGTERM'), 0);
  assert.equal(await otherWorker?.end('SIGTERM'), 0);
  await build('1.0.2');
});

test('a server and a worker that are told of their stores by flags are one', async (t) => {
  const source = await makeTestRepository(join(await temporaryFolder(t), 'source.git'), { mainBranch: 'main' });
  const [revision = ''] = await source.commit([{ branch: 'main', files: { 'readme.txt': 'one' } }]);
  const cluster = await startCluster(t, { servers: [{}], workers: [{}], byFlags: true });
  const named = Object.keys(cluster.variables).filter((name) => /^SLIPWAY_(?:DATABASE|BLOBS)$/.test(name));
  assert.deepEqual(named, []);
  const app = { AppId: 'calc', Repository: source.path, MainBranch: 'main' };
  assert.equal((await cluster.call('POST', '/manage/1/apps', app)).status, 200);
  await buildAndDownload(cluster, revision, '1.0.0');
});

test('a worker waits for connections on no port', async (t) => {
  const { servers, workers } = await startCluster(t, { servers: [{}], workers: [{}] });
  const portsOf = (members: typeof workers) => Promise.all(members.map(({ process }) => listeningPorts(process.pid)));
  assert.deepEqual(await portsOf(servers), [[Number(new URL(String(servers[0]?.url)).port)]]);
  assert.deepEqual(await portsOf(workers), [[]]);
});

test('a build is canceled from any server, whichever worker has it, and its commands end', async (t) => {
  const folder = await temporaryFolder(t);
  const source = await makeTestRepository(join(folder, 'source.git'), { mainBranch: 'main' });
  const said = join(folder, 'said');
  const buildFile = `build:\n  run: echo $$ > ${said}.new; mv ${said}.new ${said}; exec sleep 600\n  package: out\n`;
  const [revision = ''] = await source.commit([{ branch: 'main', files: { 'slipway.yml': buildFile } }]);
  const cluster = await startCluster(t, { workers: [{}], variables: { SLIPWAY_SANDBOX: 'none' } });
  const app = { AppId: 'calc', Repository: source.path, MainBranch: 'main' };
  assert.equal((await cluster.call('POST', '/manage/1/apps', app)).status, 200);
  const packages = '/api/1/apps/calc/packages';
  const started = await cluster.call('POST', packages, { Revision: revision, Version: '1.0.0' });
  const pid = Number(await until('its command runs', () => readFile(said, 'utf8').catch(() => undefined)));
  const canceledAt = performance.now();
  assert.equal((await cluster.call('POST', `${packages}/${started.body.PackageId}/cancel`, {})).status, 200);
  await until('its command has ended', () => isGone(pid));
  t.diagnostic(`from the call to the end of the command: ${Math.round(performance.now() - canceledAt)} ms`);
  const { body } = await cluster.call('GET', `${packages}/${started.body.PackageId}`);
  assert.deepEqual([body.Status, body.StatusReason], ['Failed', 'canceled']);
});

function isGone(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return false;
  } catch {
    return true;
  }
}

test('each process drops what it keeps of an app that another one deletes', async (t) => {
  const source = await makeTestRepository(join(await temporaryFolder(t), 'source.git'), { mainBranch: 'main' });
  const [revision = ''] = await source.commit([{ branch: 'main', files: { 'readme.txt': 'one' } }]);
  const cluster = await startCluster(t, { workers: [{}] });
  for (const AppId of ['calc', 'other']) {
    const app = { AppId, Repository: source.path, MainBranch: 'main' };
    assert.equal((await cluster.call('POST', '/manage/1/apps', app)).status, 200);
    const packages = `/api/1/apps/${AppId}/packages`;
    const started = await cluster.call('POST', packages, { Revision: revision, Version: '1.0.0' });
    await until('it is built', async () => {
      const { body } = await cluster.call('GET', `${packages}/${started.body.PackageId}?wait=5`);
      return body.Status === 'Succeeded';
    });
    // On each of the servers: one of them keeps a mirror, too.
    for (const _ of cluster.servers) await cluster.call('GET', `/api/1/apps/${AppId}/branches/`);
  }
  const members = [...cluster.servers, ...cluster.workers];
  const kept = async (folder: string) => {
    const names = await Promise.all(
      members.map(({ dataFolder }) => readdir(join(dataFolder, folder), { withFileTypes: true })),
    );
    return names.map((each) => each.filter((entry) => entry.isDirectory()).length);
  };
  await until('the worker keeps both', async () => (await kept('cache')).at(-1) === 2);
  assert.equal((await kept('mirrors')).at(-1), 2);
  assert.equal((await cluster.call('DELETE', '/manage/1/apps/calc')).status, 200);
  const isRest = async () => {
    const [mirrors, caches] = [await kept('mirrors'), await kept('cache')];
    return mirrors.at(-1) === 1 && caches.at(-1) === 1 && mirrors.every((count) => count <= 1);
  };
  await until('nobody keeps anything of it', isRest);
});
