import { sql } from 'kysely';
import type { PackageId } from '../domain/identifiers.ts';
import type { Queries } from './database.ts';
import { changeStatus, findAnyPackage, type Guard, QUEUED, StaleUpdate, UNDER_WAY } from './packages.ts';
import type { PackageRow } from './schema.ts';

/** Who asks for a build, and when. */
export interface Claimant {
  readonly worker: string;
  /** In milliseconds since 1970. */
  readonly now: number;
}

export interface ClaimRules {
  /** How many builds of one app may be under way at once. */
  readonly buildsPerApp: number;
  /** For how long a build waits for the worker that built its app last, before another one has it. */
  readonly preferenceMs: number;
}

/**
 * The build that is next for a worker: of the apps that have one waiting and are below their limit, the app with the
 * fewest builds under way, then the one served longest ago, and of its builds the oldest. An app that another worker has
 * built last is left to that one for a while. Jumps from app to app along the index of Queued rows, so that its cost
 * grows with the apps that wait and not with the builds.
 */
export async function findNextBuild(
  queries: Queries,
  { buildsPerApp, preferenceMs }: ClaimRules,
  { worker, now }: Claimant,
): Promise<Pick<PackageRow, 'id' | 'app_id' | 'attempt'> | undefined> {
  const { rows } = await sql<Pick<PackageRow, 'id' | 'app_id' | 'attempt'>>`
    with recursive waiting(app_id) as (
      select min(app_id) from packages where status = 'Queued'
      union all
      select (select min(app_id) from packages where status = 'Queued' and app_id > waiting.app_id)
      from waiting where waiting.app_id is not null
    ),
    busy as (
      select app_id, count(*) as builds from packages where status in ('Building', 'Uploading') and origin = 'build'
      group by app_id
    ),
    chosen as (
      select waiting.app_id
      from waiting
      join apps on apps.id = waiting.app_id
      left join busy on busy.app_id = waiting.app_id
      where coalesce(busy.builds, 0) < ${buildsPerApp}
        and (apps.served_by is null or apps.served_by = ${worker} or ${now - preferenceMs} >= (
          select created_at from packages where status = 'Queued' and app_id = waiting.app_id order by sequence limit 1
        ))
      order by coalesce(busy.builds, 0), apps.served_at, waiting.app_id
      limit 1
    )
    select id, app_id, attempt from packages
    where status = 'Queued' and app_id = (select app_id from chosen)
    order by sequence
    limit 1`.execute(queries);
  return rows[0];
}

/** Whether any build waits, whoever may have it. */
export async function hasQueuedBuilds(queries: Queries): Promise<boolean> {
  const queued = queries.selectFrom('packages').select('id').where('status', '=', QUEUED);
  // In the order of the index: PostgreSQL would read the table, where many wait, and these are the last rows there.
  return (await queued.orderBy('app_id').orderBy('sequence').limit(1).executeTakeFirst()) !== undefined;
}

/** Makes a Queued build a worker's. @throws StaleUpdate when somebody else was faster */
export async function claimBuild(
  queries: Queries,
  build: Pick<PackageRow, 'id' | 'app_id' | 'attempt'>,
  lease: { readonly worker: string; readonly now: number; readonly expiresAt: number },
): Promise<void> {
  const guard = { packageId: build.id, status: 'Queued', attempt: build.attempt } as const;
  await changeStatus(queries, guard, 'Building', {
    attempt: build.attempt + 1,
    worker: lease.worker,
    lease_expires_at: lease.expiresAt,
    started_at: lease.now,
  });
  await queries
    .updateTable('apps')
    .set({ served_at: lease.now, served_by: lease.worker })
    .where('id', '=', build.app_id)
    .execute();
}

/** What an update by the holder of a claim expects to find. @throws StaleUpdate when the build is no longer theirs */
export async function guardOf(
  queries: Queries,
  { packageId, attempt }: { readonly packageId: PackageId; readonly attempt: number },
): Promise<Guard> {
  const row = await findAnyPackage(queries, packageId);
  if (row?.attempt !== attempt || (row.status !== 'Building' && row.status !== 'Uploading')) {
    throw new StaleUpdate(`The build of package ${packageId} is no longer at attempt ${attempt}.`);
  }
  return { packageId, attempt, status: row.status };
}

/** Extends a lease. @returns false when the build is no longer this claim's */
export async function extendLease(
  queries: Queries,
  claim: { readonly packageId: PackageId; readonly attempt: number },
  expiresAt: number,
): Promise<boolean> {
  const result = await queries
    .updateTable('packages')
    .set({ lease_expires_at: expiresAt })
    .where('id', '=', claim.packageId)
    .where('attempt', '=', claim.attempt)
    .where('status', 'in', ['Building', 'Uploading'])
    .executeTakeFirst();
  return result.numUpdatedRows > 0n;
}

export type ExpiredBuild = Pick<
  PackageRow,
  'id' | 'status' | 'attempt' | 'interruptions' | 'worker' | 'started_at' | 'trace_parent'
>;

/** The builds under way whose lease ended before `now`. */
export function listExpiredBuilds(queries: Queries, now: number): Promise<ExpiredBuild[]> {
  return queries
    .selectFrom('packages')
    .select(['id', 'status', 'attempt', 'interruptions', 'worker', 'started_at', 'trace_parent'])
    .where('status', 'in', UNDER_WAY)
    .where('lease_expires_at', '<', now)
    .execute();
}
