import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { clockAhead } from '../support/clock-ahead.ts';
import { startCluster } from '../support/cluster.ts';
import { makeHeldRepository } from '../support/held-repository.ts';
import { listBlocks } from '../support/page-blocks.ts';
import { readPackage } from '../support/script-world.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { startTraceCollector } from '../support/trace-collector.ts';
import { until } from '../support/until.ts';

const PAGE = new URL('../../docs/running.md', import.meta.url);
const TEN_MINUTES_MS = 10 * 60_000;

/** What the page has exported, to a collector of the test's own. */
async function readVariables(collectorUrl: string): Promise<Readonly<Record<string, string>>> {
  const block = listBlocks(await readFile(PAGE, 'utf8')).find(({ mark }) => mark?.endsWith('/tracing.test.ts'));
  const lines = block?.text.trim().split('\n') ?? [];
  const variables = Object.fromEntries(lines.map((line) => line.replace(/^export /, '').split('=')));
  assert.equal(variables.OTEL_EXPORTER_OTLP_ENDPOINT, 'http://127.0.0.1:4318');
  return { ...variables, OTEL_EXPORTER_OTLP_ENDPOINT: collectorUrl };
}

test('a build is one trace across a server and a worker whose clocks differ, and after kill -9 of the worker', async (t) => {
  const began = Date.now();
  const collector = await startTraceCollector(t);
  const held = await makeHeldRepository(t, await temporaryFolder(t));
  const cluster = await startCluster(t, {
    variables: await readVariables(collector.url),
    servers: [clockAhead(TEN_MINUTES_MS)],
    workers: [clockAhead(-TEN_MINUTES_MS)],
  });
  const app = { AppId: 'held', Repository: held.path, MainBranch: 'main' };
  assert.equal((await cluster.call('POST', '/manage/1/apps', app)).status, 200);
  const build = { Revision: held.revision, Version: '1.0.0' };
  const { body } = await cluster.call('POST', '/api/1/apps/held/packages', build);
  const packageId = body.PackageId;
  await until('it is being built', () => held.asked() > 0);
  await collector.untilTraced(packageId, ['accept', 'queue']);
  const [worker] = cluster.workers;
  assert.equal(await worker?.end('SIGKILL'), 'SIGKILL');
  held.release();
  await worker?.start();
  assert.equal((await readPackage(cluster, packageId, 'held')).status, 'Succeeded');

  const names = ['accept', 'queue', 'attempt', 'source', 'package', 'store', 'tag'];
  const spans = await collector.untilTraced(packageId, names);
  assert.deepEqual(spans.map(({ name }) => name).toSorted(), [...names, 'attempt'].toSorted());
  assert.equal(new Set(spans.map(({ traceId }) => traceId)).size, 1);
  const accept = spans.find(({ name }) => name === 'accept');
  const attempts = spans.filter(({ name }) => name === 'attempt');
  assert.deepEqual(
    attempts.map(({ attributes, failure }) => [
      attributes['slipway.attempt'],
      attributes['slipway.outcome'],
      failure,
      attributes['slipway.package.id'],
    ]),
    [
      [1, 'interrupted', 'interrupted', packageId],
      [2, 'succeeded', undefined, packageId],
    ],
  );
  for (const { parentSpanId } of attempts) assert.equal(parentSpanId, accept?.spanId);
  for (const { name, from, to, resource } of spans) {
    assert.ok(began - TEN_MINUTES_MS / 2 < from && from <= to && to < Date.now() + TEN_MINUTES_MS / 2, name);
    assert.equal(resource['service.name'], 'slipway-production');
  }
});
