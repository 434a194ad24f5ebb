import { type KyselyPlugin, PostgresQueryCompiler, type RootOperationNode } from 'kysely';
import pg from 'pg';
import { findNextBuild, hasQueuedBuilds, listExpiredBuilds } from '../../../src/database/build-claims.ts';
import type { Queries } from '../../../src/database/database.ts';
import { countPackagesByStatus, listPackages } from '../../../src/database/packages.ts';
import type { SharedDatabase } from '../../../src/database/postgres/postgres-database.ts';

/** How PostgreSQL answers one of our queries. */
export interface QueryPlan {
  readonly title: string;
  /** What `explain (analyze, buffers)` says of each query that is asked for it. */
  readonly plans: readonly string[];
}

/**
 * The plans of queries whose cost must not grow with what is stored, as our own code makes them.
 *
 * @param appKey of an app that has packages
 */
export async function explainQueries(
  database: SharedDatabase,
  databaseUrl: string,
  appKey: string,
): Promise<readonly QueryPlan[]> {
  const explained: QueryPlan[] = [];
  for (const [title, work] of QUERIES) {
    const recorder = new Recorder();
    await work(database.read.withPlugin(recorder), appKey);
    const plans: string[] = [];
    for (const query of recorder.queries) plans.push(await explain(databaseUrl, query));
    explained.push({ title, plans });
  }
  return explained;
}

const QUERIES: readonly (readonly [string, (queries: Queries, appKey: string) => Promise<unknown>])[] = [
  ['Which build is next', (queries) => findNextBuild(queries, RULES, { worker: 'worker:1', now: Date.now() })],
  ['Whether any build waits', hasQueuedBuilds],
  ['Builds whose worker has vanished', (queries) => listExpiredBuilds(queries, Date.now())],
  ['How many builds wait and are under way', countPackagesByStatus],
  ['The newest packages of an app', (queries, appKey) => listPackages(queries, appKey, { limit: 100 })],
  ['A later page of them', (queries, appKey) => listPackages(queries, appKey, { limit: 100, before: 500_000 })],
];

const RULES = { buildsPerApp: 256, preferenceMs: 2000 };

/** Keeps what Kysely was asked for. */
class Recorder implements KyselyPlugin {
  readonly queries: RootOperationNode[] = [];

  transformQuery: KyselyPlugin['transformQuery'] = ({ node }) => {
    this.queries.push(node);
    return node;
  };

  transformResult: KyselyPlugin['transformResult'] = async ({ result }) => result;
}

async function explain(databaseUrl: string, query: RootOperationNode): Promise<string> {
  const { sql, parameters } = new PostgresQueryCompiler().compileQuery(query, { queryId: 'explained' });
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const { rows } = await client.query(`explain (analyze, buffers) ${sql}`, [...parameters]);
    return rows.map((row) => row['QUERY PLAN']).join('\n');
  } finally {
    await client.end();
  }
}
