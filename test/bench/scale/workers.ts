import pg from 'pg';
import {
  addTrivialApp,
  type BenchApp,
  type BenchServer,
  createApp,
  makeBenchRepository,
  startBenchServer,
} from '../bench-server.ts';
import { buildsPerSecond } from '../builds.ts';
import { inTurn } from '../measure.ts';
import type { Bench, Row } from '../row.ts';
import { type BenchCluster, startBenchCluster } from './bench-cluster.ts';
import { type CpuTime, listPostgresPids, readCpuTime } from './cpu-time.ts';
import type { SharedStores } from './shared-stores.ts';

/** More than there are build slots, so that no worker waits for its turn at one of them. */
const APPS = 8;
const AT_ONCE = 200;
/** Their step waits, as one does that has a machine of its own. */
const WAITING_AT_ONCE = 32;
const WAIT_SECONDS = 4;
const ROUNDS = 2;

interface Side {
  readonly server: BenchServer;
  readonly apps: readonly BenchApp[];
}

/** Builds per second with one, two and four workers of two build slots each, and what a build costs whom. */
export async function measureWorkers(bench: Bench, stores: SharedStores): Promise<readonly Row[]> {
  bench.say('builds with one, two and four workers');
  const clusters = new Map<number, BenchCluster>();
  for (const workers of [1, 2, 4])
    clusters.set(workers, await startBenchCluster(bench, stores, { servers: 1, workers }));
  const embedded = await addTrivialApps(bench, await startBenchServer(bench));
  const trivial = new Map<number, Side>();
  const waiting = new Map<number, Side>();
  for (const [workers, { servers }] of clusters) {
    trivial.set(workers, await addTrivialApps(bench, servers[0]));
    waiting.set(workers, await addWaitingApps(bench, servers[0]));
  }
  const build = (sides: ReadonlyMap<number, Side>, workers: number, count: number) => {
    const side = sides.get(workers);
    if (side === undefined) throw new Error(`There is nobody with ${workers} workers.`);
    return buildsPerSecond(side.server, side.apps, count);
  };
  const sides = {
    embedded: () => buildsPerSecond(embedded.server, embedded.apps),
    one: () => build(trivial, 1, AT_ONCE),
    two: () => build(trivial, 2, AT_ONCE),
    four: () => build(trivial, 4, AT_ONCE),
  };
  await inTurn(1, sides);
  const builds = await inTurn(ROUNDS, sides);
  const costs = await measureCosts(clusters.get(1), () => build(trivial, 1, AT_ONCE));
  bench.say('builds that wait, with one, two and four workers');
  const waits = await inTurn(ROUNDS, {
    one: () => build(waiting, 1, WAITING_AT_ONCE),
    two: () => build(waiting, 2, WAITING_AT_ONCE),
    four: () => build(waiting, 4, WAITING_AT_ONCE),
  });
  const atOnce = `${AT_ONCE} builds of ${APPS} apps at once`;
  const waitingAtOnce = `${WAITING_AT_ONCE} builds that wait for ${WAIT_SECONDS} seconds`;
  const ofOne = (figure: number) => ({ title: 'one worker', figure });
  return [
    {
      title: `${atOnce}, one worker`,
      unit: '/s',
      figure: builds.one,
      reference: { title: 'embedded: one server', figure: builds.embedded },
    },
    { title: `${atOnce}, two workers`, unit: '/s', figure: builds.two, reference: ofOne(builds.one) },
    { title: `${atOnce}, four workers`, unit: '/s', figure: builds.four, reference: ofOne(builds.one) },
    {
      title: `${waitingAtOnce}, one worker`,
      unit: '/s',
      figure: waits.one,
      reference: { title: 'two at a time, without any cost', figure: 2 / WAIT_SECONDS },
      goal: { of: 'ratio', is: 'at least', value: 0.8 },
    },
    {
      title: `${waitingAtOnce}, two workers`,
      unit: '/s',
      figure: waits.two,
      reference: ofOne(waits.one),
      goal: { of: 'ratio', is: 'at least', value: 1.8 },
    },
    {
      title: `${waitingAtOnce}, four workers`,
      unit: '/s',
      figure: waits.four,
      reference: ofOne(waits.one),
      goal: { of: 'ratio', is: 'at least', value: 3.2 },
    },
    ...costs,
  ];
}

async function addTrivialApps(bench: Bench, server: BenchServer): Promise<Side> {
  const apps: BenchApp[] = [];
  for (let at = 0; at < APPS; at += 1) apps.push(await addTrivialApp(bench, server, `calc-${at}`));
  return { server, apps };
}

async function addWaitingApps(bench: Bench, server: BenchServer): Promise<Side> {
  const files = { 'slipway.yml': `build:\n  run: sleep ${WAIT_SECONDS}\n  package: src\n`, 'src/add.txt': 'a + b\n' };
  const made = await makeBenchRepository(bench, [files]);
  const apps = Array.from({ length: APPS }, (_, at) => ({ name: `wait-${at}`, ...made }));
  for (const { name, repository } of apps) await createApp(server, name, repository);
  return { server, apps };
}

/** What one trivial build costs: processor time by whose it is, and commits. */
async function measureCosts(cluster: BenchCluster | undefined, build: () => Promise<number>): Promise<readonly Row[]> {
  if (cluster === undefined) return [];
  const { servers, workers, databaseUrl } = cluster;
  const read = async () => ({
    server: await readCpuTime([servers[0].pid]),
    worker: await readCpuTime(workers.map(({ pid }) => pid)),
    postgres: await readCpuTime(await listPostgresPids(databaseUrl)),
    commits: await countCommits(databaseUrl),
  });
  const before = await read();
  await build();
  const after = await read();
  const each = (total: number) => total / AT_ONCE;
  const cpuRow = (whose: string, read: (time: CpuTime) => number, [from, to]: readonly [CpuTime, CpuTime]): Row => ({
    title: `processor time of ${whose} for each of ${AT_ONCE} builds, their tags and deletions included`,
    unit: 'ms',
    figure: each(read(to) - read(from)),
  });
  return [
    cpuRow('the server', ({ ownMs }) => ownMs, [before.server, after.server]),
    cpuRow('git, as the server calls it,', ({ childrenMs }) => childrenMs, [before.server, after.server]),
    cpuRow('the worker and its children', ({ ownMs, childrenMs }) => ownMs + childrenMs, [before.worker, after.worker]),
    cpuRow('PostgreSQL', ({ ownMs }) => ownMs, [before.postgres, after.postgres]),
    { title: 'commits for each of them', unit: 'commits', figure: each(after.commits - before.commits - 1) },
  ];
}

/** How many transactions have written something. The question counts as one. */
async function countCommits(databaseUrl: string): Promise<number> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const { rows } = await client.query<{ id: string }>('select pg_current_xact_id()::text as id');
    return Number(rows[0]?.id);
  } finally {
    await client.end();
  }
}
