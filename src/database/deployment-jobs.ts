import { sql } from 'kysely';
import type { PackageId } from '../domain/identifiers.ts';
import type { ErrorCode } from '../protocol/error-codes.ts';
import type { Queries } from './database.ts';
import { forgetOrder } from './deployment-orders.ts';
import { environmentLease } from './leases.ts';
import type { DeploymentJobRow } from './schema.ts';
import { tellOfJob } from './tell-webhooks.ts';

/** It stands in the SQL and is not bound: only so does SQLite see that its index of these few rows fits. */
const UNDER_WAY = sql.lit('UnderWay' as const);

export async function insertJob(
  queries: Queries,
  job: Pick<DeploymentJobRow, 'id' | 'environment_id' | 'kind' | 'package_id' | 'auto_sync_db' | 'created_at'>,
): Promise<void> {
  await queries
    .insertInto('deployment_jobs')
    .values({ ...job, state: 'UnderWay' })
    .execute();
}

/** Finds a start of an environment. */
export function findStartJob(
  queries: Queries,
  environmentId: string,
  id: string,
): Promise<DeploymentJobRow | undefined> {
  return startsOf(queries, environmentId).where('id', '=', id).executeTakeFirst();
}

/** The start of an environment that has not ended. */
export function findStartUnderWay(queries: Queries, environmentId: string): Promise<DeploymentJobRow | undefined> {
  return startsOf(queries, environmentId).where('state', '=', UNDER_WAY).executeTakeFirst();
}

/** The start of an environment that began last, whatever became of it. */
export function findLastStart(queries: Queries, environmentId: string): Promise<DeploymentJobRow | undefined> {
  return startsOf(queries, environmentId)
    .orderBy('created_at', 'desc')
    .orderBy('finished_at', 'desc')
    .limit(1)
    .executeTakeFirst();
}

/** The start that an environment runs by. */
export function findLastStarted(queries: Queries, environmentId: string): Promise<DeploymentJobRow | undefined> {
  return startsOf(queries, environmentId)
    .where('state', '=', 'Done')
    .orderBy('finished_at', 'desc')
    .limit(1)
    .executeTakeFirst();
}

function startsOf(queries: Queries, environmentId: string) {
  return queries
    .selectFrom('deployment_jobs')
    .selectAll()
    .where('environment_id', '=', environmentId)
    .where('kind', '=', 'start');
}

/** Makes a start that has not ended one of another package: what was reported of it is not said of this one. */
export async function changeStartedPackage(queries: Queries, id: string, packageId: PackageId): Promise<void> {
  await forgetOrder(queries, id);
  await queries.updateTable('deployment_jobs').set({ package_id: packageId }).where('id', '=', id).execute();
}

/** Whether anything is done to an environment at this moment. */
export async function hasJobUnderWay(queries: Queries, environmentId: string): Promise<boolean> {
  const row = await queries
    .selectFrom('deployment_jobs')
    .select('id')
    .where('environment_id', '=', environmentId)
    .where('state', '=', UNDER_WAY)
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

/**
 * Jobs that have not ended and that nobody has the turn for, of every app that was not deleted: transports, which are not
 * gone on with, and then starts, oldest first. Where nobody shares the database, nobody has a lease.
 *
 * @param now in milliseconds since 1970
 */
export function listAbandonedJobs(queries: Queries, now: number): Promise<DeploymentJobRow[]> {
  return queries
    .selectFrom('deployment_jobs')
    .innerJoin('environments', 'environments.id', 'deployment_jobs.environment_id')
    .innerJoin('apps', 'apps.id', 'environments.app_id')
    .selectAll('deployment_jobs')
    .where('state', '=', UNDER_WAY)
    .where('apps.deleted_at', 'is', null)
    .where(({ not, exists, selectFrom, val, ref }) =>
      not(
        exists(
          selectFrom('leases')
            .select('name')
            .where('name', '=', sql<string>`${val(environmentLease(''))} || ${ref('environments.id')}`)
            .where('expires_at', '>', now),
        ),
      ),
    )
    .orderBy('deployment_jobs.kind', 'desc')
    .orderBy('deployment_jobs.created_at')
    .execute();
}

/** Deletes jobs that ended long ago, but for the start that each environment runs by. */
export async function deleteJobsEndedBefore(queries: Queries, time: number): Promise<void> {
  await queries
    .deleteFrom('deployment_jobs')
    .where('finished_at', '<', time)
    .where((build) =>
      build.or([
        build('kind', '<>', 'start'),
        build('state', '<>', 'Done'),
        build.exists(
          build
            .selectFrom('deployment_jobs as newer')
            .select('newer.id')
            .whereRef('newer.environment_id', '=', 'deployment_jobs.environment_id')
            .where('newer.kind', '=', 'start')
            .where('newer.state', '=', 'Done')
            .whereRef('newer.finished_at', '>', 'deployment_jobs.finished_at'),
        ),
      ]),
    )
    .execute();
}

/** How a job ended: `failure` is undefined where all went well. */
export interface JobEnd {
  readonly at: number;
  readonly failure?: { readonly code: ErrorCode; readonly message: string };
}

/** Ends a job once. @returns false when it had ended already, or is gone with its environment */
export async function endJob(queries: Queries, id: string, { at, failure }: JobEnd): Promise<boolean> {
  const result = await queries
    .updateTable('deployment_jobs')
    .set({
      state: failure === undefined ? 'Done' : 'Failed',
      error_code: failure?.code ?? null,
      error_message: failure?.message ?? null,
      finished_at: at,
    })
    .where('id', '=', id)
    .where('state', '=', UNDER_WAY)
    .executeTakeFirst();
  if (result.numUpdatedRows === 0n) return false;
  await tellOfJob(queries, id, at);
  return true;
}
