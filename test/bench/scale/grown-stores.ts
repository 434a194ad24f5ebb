import { join } from 'node:path';
import type { Database } from '../../../src/database/database.ts';
import { openPostgresDatabase } from '../../../src/database/postgres/postgres-database.ts';
import { openSqliteDatabase } from '../../../src/database/sqlite/sqlite-database.ts';
import type { AppId } from '../../../src/domain/identifiers.ts';
import { createRowQueue } from '../../../src/queue/row-queue.ts';
import { NO_TRACING } from '../../../src/tracing/no-tracing.ts';
import { startBenchServer } from '../bench-server.ts';
import { median, timeMs } from '../measure.ts';
import { addApps, compareStores, FIGURES, type Figure, type Store } from '../million.ts';
import type { Bench, Row } from '../row.ts';
import { storeQueuedBuilds } from '../store-packages.ts';
import { startBenchCluster } from './bench-cluster.ts';
import { explainQueries, type QueryPlan } from './query-plans.ts';
import type { SharedStores } from './shared-stores.ts';
import { storeInPostgres } from './store-in-postgres.ts';

const APPS = 1000;
const PACKAGES = 1_000_000;
const QUEUED = 100_000;
/** As many apps wait in the small store: what a claim costs grows with them, and not with builds. */
const QUEUED_IN_SMALL = 2 * APPS;
const CLAIMS = 50;

/** The same figures of a store that is grown and of one that is not, and how PostgreSQL finds what it is asked for. */
export async function measureGrownStores(
  bench: Bench,
  stores: SharedStores,
): Promise<{ readonly rows: readonly Row[]; readonly plans: readonly QueryPlan[] }> {
  bench.say('a million packages in PostgreSQL');
  const small = await openGrown(bench, stores, 0);
  const large = await openGrown(bench, stores, PACKAGES);
  const stored = await compareStores(FIGURES, large.store, small.store, [
    'a million packages in PostgreSQL',
    'an empty store',
  ]);
  bench.say(`${QUEUED.toLocaleString('en')} builds that wait`);
  for (const [{ endWorkers, databaseUrl }, queued] of [
    [small, QUEUED_IN_SMALL],
    [large, QUEUED],
  ] as const) {
    await endWorkers();
    await storeInPostgres(databaseUrl, { apps: APPS, succeeded: 0, queued });
  }
  const titles = ['100,000 builds wait beside a million packages', 'where 2,000 do, beside none'] as const;
  const accepted = await compareStores(WITHOUT_WORKERS, large.store, small.store, titles);
  const largeDatabase = await openShared(bench, large.databaseUrl);
  const smallDatabase = await openShared(bench, small.databaseUrl);
  const claimed = await compareStores([CLAIM], largeDatabase, smallDatabase, titles);
  const plans = await explainQueries(largeDatabase, large.databaseUrl, await findAppKey(largeDatabase));
  return { rows: [...stored, ...accepted, ...claimed, ...(await measureEmbedded(bench))], plans };
}

/** What is the same while nobody builds. */
const WITHOUT_WORKERS: readonly Figure<Store>[] = [
  {
    title: 'POST that starts a build',
    unit: 'ms',
    rounds: 5,
    measure: async ({ server, app }) => {
      const times: number[] = [];
      for (let at = 0; at < CLAIMS; at += 1) {
        const build = { Revision: app.revisions[0], Version: `2.0.${at}` };
        times.push(await timeMs(() => server.client.start(app.name, build)));
      }
      return median(times);
    },
  },
  ...FIGURES.filter(({ unit }) => unit === 'µs'),
];

const CLAIM: Figure<Database & { readonly clock: () => number }> = {
  title: 'claim of a build, 1,000 apps waiting',
  unit: 'ms',
  rounds: 5,
  async measure(database) {
    const queue = createRowQueue({
      database,
      tracing: NO_TRACING,
      clock: database.clock,
      leaseMs: 60_000,
      buildsPerApp: 256,
      preferenceMs: 2000,
      mostInterruptions: 2,
    });
    const times: number[] = [];
    const claims: NonNullable<Awaited<ReturnType<typeof queue.claim>>>[] = [];
    for (let at = 0; at < CLAIMS; at += 1) {
      times.push(
        await timeMs(async () => {
          const claim = await queue.claim('worker:1');
          if (claim === undefined) throw new Error('Nothing waits.');
          claims.push(claim);
        }),
      );
    }
    for (const claim of claims) await queue.giveBack(claim);
    return median(times);
  },
};

interface Grown {
  readonly store: Store;
  readonly databaseUrl: string;
  endWorkers(): Promise<void>;
}

async function openGrown(bench: Bench, stores: SharedStores, succeeded: number): Promise<Grown> {
  const databaseUrl = await stores.newDatabase();
  const database = await openPostgresDatabase({ url: databaseUrl, applicationName: 'bench' });
  await database.close();
  await storeInPostgres(databaseUrl, { apps: APPS, succeeded, queued: 0 });
  const { servers, workers } = await startBenchCluster(bench, stores, { servers: 1, workers: 1, databaseUrl });
  return {
    store: await addApps(bench, servers[0]),
    databaseUrl,
    async endWorkers() {
      for (const worker of workers) await worker.end('SIGTERM');
    },
  };
}

async function openShared(bench: Bench, url: string) {
  const database = await openPostgresDatabase({ url, applicationName: 'bench' });
  bench.after(() => database.close());
  return { ...database, clock: database.now };
}

async function findAppKey({ read }: Database): Promise<string> {
  const { id } = await read
    .selectFrom('apps')
    .select('id')
    .where('app_id', '=', 'app-1' as AppId)
    .executeTakeFirstOrThrow();
  return id;
}

/** The same claims where there is one machine. */
async function measureEmbedded(bench: Bench): Promise<readonly Row[]> {
  const open = async (queued: number) => {
    const server = await startBenchServer(bench);
    await server.end('SIGTERM');
    storeQueuedBuilds(server.dataFolder, { apps: APPS, packages: queued });
    const database = await openSqliteDatabase(join(server.dataFolder, 'slipway.db'));
    bench.after(() => database.close());
    return { ...database, clock: Date.now };
  };
  return await compareStores([CLAIM], await open(QUEUED), await open(QUEUED_IN_SMALL), [
    'embedded, 100,000 builds wait',
    'where 2,000 do',
  ]);
}
