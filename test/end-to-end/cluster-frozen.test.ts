import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import pg from 'pg';
import { hasEnded } from '../../src/protocol/package.ts';
import { startBusyCluster } from '../support/busy-cluster.ts';
import type { Cluster, ClusterOptions } from '../support/cluster.ts';
import type { ToldEvent } from '../support/history.ts';
import { noise } from '../support/made-content.ts';
import { until } from '../support/until.ts';

/** How long builds are claimed for, and how often it is looked for claims that have run out. */
const [LEASE_MS, LOOK_MS] = [20_000, 5000];
/** What a machine that is busy may take on top of it: with it, a build is given back within 30 s. */
const SLOW_MS = 5000;
/** Until another one has ended what it took over, or has begun. */
const TAKEN_OVER_MS = 60_000;

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
  let seen = events.length;
  const held = await until('it is frozen while it builds', async () => {
    const isBuilding = (event: ToldEvent) => event.kind === 'seen' && event.status === 'Building';
    const building = events.slice(seen).find(isBuilding);
    seen = events.length;
    if (building?.kind !== 'seen') return false;
    frozen.freeze();
    const claim = await findClaim(cluster, building.packageId);
    if (claim.expiresAt !== undefined) return { ...claim, packageId: building.packageId, expiresAt: claim.expiresAt };
    // It has ended at this moment.
    frozen.thaw();
    return false;
  });
  await other.start();
  const { now: readyAt } = await findClaim(cluster, held.packageId);
  await until(
    'another worker has ended its build',
    () => events.some((event) => event.kind === 'seen' && event.packageId === held.packageId && hasEnded(event.status)),
    TAKEN_OVER_MS,
  );
  const { attempt, startedAt } = await findClaim(cluster, held.packageId);
  assert.equal(attempt, held.attempt + 1);
  const leftMs = held.expiresAt - held.now;
  // How long the other one takes to start is no part of it.
  const lateMs = startedAt - Math.max(held.expiresAt, readyAt);
  t.diagnostic(`the lease of the build lasted for ${leftMs} ms, and it was claimed again ${lateMs} ms later`);
  assert.ok(leftMs <= LEASE_MS, `it was claimed for ${leftMs} ms`);
  assert.ok(lateMs <= LOOK_MS + SLOW_MS, `it was claimed again ${lateMs} ms after its lease`);
  frozen.thaw();
  await untilAccepted(2);
  await finish();
  if (options.oneName) assert.equal((await namesOf(cluster)).length, 1);
}

/** Times are those of the database, in milliseconds since 1970: the clocks of this machine are not asked. */
interface FoundClaim {
  readonly now: number;
  readonly attempt: number;
  readonly startedAt: number;
  /** Undefined once the build has ended. */
  readonly expiresAt: number | undefined;
}

async function findClaim(cluster: Cluster, packageId: string): Promise<FoundClaim> {
  // Waits for whoever is writing to it at this moment.
  const [row] = await query(
    cluster,
    `select attempt, started_at, lease_expires_at, extract(epoch from clock_timestamp()) * 1000 as now
      from packages where id = $1 for update`,
    [packageId],
  );
  return {
    now: Math.round(Number(row?.now)),
    attempt: Number(row?.attempt),
    startedAt: Number(row?.started_at),
    expiresAt: row?.lease_expires_at == null ? undefined : Number(row.lease_expires_at),
  };
}

/** Of the workers that have built something. */
async function namesOf(cluster: Cluster): Promise<readonly unknown[]> {
  const rows = await query(cluster, 'select distinct worker from packages where worker is not null');
  return rows.map(({ worker }) => worker);
}

async function query(
  { databaseUrl }: Cluster,
  text: string,
  values: readonly string[] = [],
): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const { rows } = await client.query(text, [...values]);
    return rows;
  } finally {
    await client.end();
  }
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
