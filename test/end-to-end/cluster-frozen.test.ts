import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import pg from 'pg';
import { startBusyCluster } from '../support/busy-cluster.ts';
import type { Cluster, ClusterOptions } from '../support/cluster.ts';
import { noise } from '../support/made-content.ts';
import { until } from '../support/until.ts';

/** A lease lasts for 20 s, and is looked for every 5 s; a machine that is busy takes its time. */
const TAKEN_OVER_MS = 45_000;

for (const [worker, options] of [
  ['a worker', {}],
  ['a worker of two that have one name', { oneName: true }],
] as const) {
  test(`${worker} that is frozen while it builds, and thawed when others have its build, changes nothing`, (t) =>
    freezeWorker(t, options));
}

async function freezeWorker(t: TestContext, options: ClusterOptions): Promise<void> {
  const files = [1, 2].map((index) => ({ 'data.bin': noise(12_000_000, `data ${index}`) }));
  const { cluster, events, untilAccepted, finish } = await startBusyCluster(t, { ...options, files, clients: 2 });
  const [frozen, other] = cluster.workers;
  assert.ok(frozen !== undefined && other !== undefined);
  await untilAccepted(2);
  assert.equal(await other.end('SIGTERM'), 0);
  const seen = events.length;
  const building = await until('it builds', () =>
    events.slice(seen).find((event) => event.kind === 'seen' && event.status === 'Building'),
  );
  frozen.freeze();
  const frozenAt = performance.now();
  await other.start();
  assert.ok(building.kind === 'seen');
  await until(
    'another worker has ended its build',
    () =>
      events.some(
        (event) => event.kind === 'seen' && event.packageId === building.packageId && event.status !== 'Building',
      ),
    TAKEN_OVER_MS,
  );
  t.diagnostic(`the build was given back after ${Math.round(performance.now() - frozenAt)} ms`);
  frozen.thaw();
  await untilAccepted(2);
  await finish();
  if (options.oneName) assert.equal((await namesOf(cluster)).length, 1);
}

/** Of the workers that have built something. */
async function namesOf({ databaseUrl }: Cluster): Promise<readonly string[]> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  const { rows } = await client.query('select distinct worker from packages where worker is not null');
  await client.end();
  return rows.map(({ worker }) => worker);
}

test('a server that is frozen is followed by another one, and does nothing twice when it is thawed', async (t) => {
  const { cluster, receiver, untilAccepted, finish } = await startBusyCluster(t);
  for (const server of cluster.servers) {
    await untilAccepted(2);
    server.freeze();
    const told = new Set(receiver.messages.map(({ id }) => id));
    const isNew = () => receiver.messages.filter(({ id }) => !told.has(id)).length > 2;
    const began = performance.now();
    await until('messages go on', isNew, TAKEN_OVER_MS);
    t.diagnostic(`messages went on after ${Math.round(performance.now() - began)} ms`);
    server.thaw();
  }
  await untilAccepted(4);
  await finish();
});
