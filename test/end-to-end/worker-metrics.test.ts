import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { startCluster } from '../support/cluster.ts';
import { openDatabaseWay } from '../support/database-way.ts';
import { makeTestRepository } from '../support/git.ts';
import { makeHeldRepository } from '../support/held-repository.ts';
import { migratedDatabase } from '../support/postgres.ts';
import { startServerProcess } from '../support/server-process.ts';
import type { SlipwayProcess } from '../support/slipway-process.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';

/** Where a process has said that it tells how it is. */
function metricsUrlOf(process: SlipwayProcess | undefined): Promise<string> {
  return until('it says where', () => /(http:\S+)\/metrics\n/.exec(process?.printed() ?? '')?.[1]);
}

async function statusOf(url: string): Promise<number> {
  const answer = await fetch(url, { signal: AbortSignal.timeout(2000) });
  await answer.text();
  return answer.status;
}

/** As probes ask, for whom no answer in time is none. */
async function isReady(url: string): Promise<boolean> {
  return await statusOf(`${url}/readyz`).then(
    (status) => status === 200,
    () => false,
  );
}

test('a worker tells how it is to whoever may look, until its last build has ended', async (t) => {
  const folder = await temporaryFolder(t);
  const held = await makeHeldRepository(t, folder);
  const source = await makeTestRepository(join(folder, 'source.git'), { mainBranch: 'main' });
  const [revision = ''] = await source.commit([{ branch: 'main', files: { 'readme.txt': 'one' } }]);
  const databaseUrl = await migratedDatabase();
  const way = await openDatabaseWay(t, databaseUrl);
  const cluster = await startCluster(t, {
    databaseUrl,
    servers: [{}],
    workers: [{ SLIPWAY_METRICS_PORT: '0', SLIPWAY_DATABASE: way.url }],
    variables: { SLIPWAY_REPOSITORY_TIMEOUT: '5m' },
  });
  const [worker] = cluster.workers;
  const url = await metricsUrlOf(worker?.process);
  const metrics = async () => await (await fetch(`${url}/metrics`)).text();
  assert.equal(await statusOf(`${url}/healthz`), 200);
  await until('it is ready', () => isReady(url));
  assert.equal(await statusOf(`${url}/api/1/apps`), 404);

  way.cut();
  await until('it is not ready without its database', async () => !(await isReady(url)));
  assert.equal(await statusOf(`${url}/healthz`), 200);
  assert.match(await metrics(), /^process_resident_memory_bytes /m);
  way.mend();
  await until('it is ready again', () => isReady(url), 60_000);

  const startBuild = async (AppId: string, Repository: string, Revision: string) => {
    const app = await cluster.call('POST', '/manage/1/apps', { AppId, Repository, MainBranch: 'main' });
    assert.equal(app.status, 200, JSON.stringify(app.body));
    const build = { Revision, Version: '1.0.0' };
    const started = await cluster.call('POST', `/api/1/apps/${AppId}/packages`, build);
    assert.equal(started.status, 200, JSON.stringify(started.body));
  };
  await startBuild('calc', source.path, revision);
  const text = await until('the build is counted', async () => {
    const found = await metrics();
    return /^slipway_builds_total\{outcome="succeeded"\} 1$/m.test(found) && found;
  });
  assert.doesNotMatch(text, /^slipway_(builds|webhook_messages_pending)\b/m, 'servers tell of what waits');

  await startBuild('held', held.path, held.revision);
  await until('the build is under way', () => held.asked() > 0);
  const ended = worker?.end('SIGTERM');
  await until('it is not to be counted on any more', async () => (await statusOf(`${url}/readyz`)) === 503);
  assert.equal(await statusOf(`${url}/healthz`), 200);
  held.release();
  assert.equal(await ended, 0);
});

test('a server tells the same at a port of its own, and the queue with it', async (t) => {
  const server = await startServerProcess(await temporaryFolder(t), { SLIPWAY_METRICS_PORT: '0' });
  t.after(() => server.end('SIGKILL'));
  const url = await metricsUrlOf(server);
  assert.notEqual(url, server.url);
  assert.ok(await isReady(url));
  assert.match(await (await fetch(`${url}/metrics`)).text(), /^slipway_builds\{status="Queued"\} 0$/m);
  assert.equal(await server.end('SIGTERM'), 0);
});
