import { type Insertable, sql } from 'kysely';
import type { PackageId } from '../domain/identifiers.ts';
import type { PackageStatus } from '../protocol/package.ts';
import type { PushStatus } from '../protocol/pushes.ts';
import { noteChange } from './change-notices.ts';
import type { Queries } from './database.ts';
import { QUEUED } from './packages.ts';
import type { PackageRow, PushRow, Tables } from './schema.ts';

/** Stands in the SQL and is not bound, so that the index of the few waiting ones is used. */
const WAITING = sql.lit<PushStatus>('Waiting');

/** Writes what was pushed to a branch. */
export async function insertPush(queries: Queries, row: Insertable<Tables['pushes']>): Promise<void> {
  await queries.insertInto('pushes').values(row).execute();
  noteChange(queries, 'pushes');
}

/** A push to a branch by what shows that it was sent before. */
export type SentPush = Pick<
  PushRow,
  'app_id' | 'branch' | 'delivery_id' | 'digest' | 'before_revision' | 'after_revision'
>;

/**
 * The push that was sent before and is sent again: one of the same name or of the same body; where the body shows nothing,
 * the newest one of the branch as well, if it says the very same.
 */
export async function findSentBefore(queries: Queries, sent: SentPush): Promise<PushRow | undefined> {
  const ofBranch = queries
    .selectFrom('pushes')
    .selectAll()
    .where('app_id', '=', sent.app_id)
    .where('branch', '=', sent.branch);
  const named = await ofBranch
    .where(({ eb, or }) => or([eb('delivery_id', '=', sent.delivery_id), eb('digest', '=', sent.digest)]))
    .executeTakeFirst();
  if (named !== undefined || sent.digest !== null) return named;
  const newest = await ofBranch.orderBy('sequence', 'desc').limit(1).executeTakeFirst();
  const isSame = newest?.after_revision === sent.after_revision && newest.before_revision === sent.before_revision;
  return isSame ? newest : undefined;
}

/** A push, and the package that it started where that still is. */
export interface ListedPush extends PushRow {
  readonly package_status: PackageStatus | null;
  readonly version: string | null;
}

/** Newest first. */
export function listPushes(queries: Queries, appKey: string, limit: number): Promise<ListedPush[]> {
  return queries
    .selectFrom('pushes')
    .leftJoin('packages', 'packages.id', 'pushes.package_id')
    .selectAll('pushes')
    .select(['packages.status as package_status', 'packages.version'])
    .where('pushes.app_id', '=', appKey)
    .orderBy('pushes.sequence', 'desc')
    .limit(limit)
    .execute();
}

/** The apps that have pushes waiting, and when the first of each is due. */
export async function listWaitingApps(queries: Queries): Promise<{ appKey: string; dueAt: number }[]> {
  const first = queries
    .selectFrom('pushes')
    .innerJoin('apps', 'apps.id', 'pushes.app_id')
    .select(({ fn }) => fn.min('sequence').as('sequence'))
    .where('status', '=', WAITING)
    .where('apps.deleted_at', 'is', null)
    .groupBy('pushes.app_id');
  const rows = await queries
    .selectFrom('pushes')
    .select(['app_id', 'due_at'])
    .where('sequence', 'in', first)
    .orderBy('due_at')
    .execute();
  return rows.map(({ app_id, due_at }) => ({ appKey: app_id, dueAt: due_at }));
}

/** The pushes of an app that are still to be seen to, oldest first. */
export function listWaitingPushes(queries: Queries, appKey: string): Promise<PushRow[]> {
  return queries
    .selectFrom('pushes')
    .selectAll()
    .where('app_id', '=', appKey)
    .where('status', '=', WAITING)
    .orderBy('sequence')
    .execute();
}

/** Has what waits in an app tried at once: something shows that its repository is there. */
export async function hastenPushes(queries: Queries, appKey: string, now: number): Promise<void> {
  await queries
    .updateTable('pushes')
    .set({ due_at: now })
    .where('app_id', '=', appKey)
    .where('status', '=', WAITING)
    .where('due_at', '>', now)
    .execute();
  noteChange(queries, 'pushes');
}

/** Puts a push off. */
export async function postponePush(
  queries: Queries,
  id: string,
  later: Pick<PushRow, 'attempts' | 'due_at' | 'reason'>,
): Promise<void> {
  await queries.updateTable('pushes').set(later).where('id', '=', id).where('status', '=', WAITING).execute();
}

/** How a push ends. */
export interface PushEnd {
  readonly status: Exclude<PushStatus, 'Waiting'>;
  readonly rule?: { readonly id: string; readonly branch: string } | undefined;
  readonly packageId?: PackageId;
  /** Where it was found out. */
  readonly summary?: string;
  readonly reason?: string;
  readonly at: number;
}

/** Ends a push that waits. @returns false where it has ended already, or is gone with its app: nothing may be done then */
export async function endPush(queries: Queries, id: string, end: PushEnd): Promise<boolean> {
  const result = await queries
    .updateTable('pushes')
    .set({
      status: end.status,
      rule_id: end.rule?.id ?? null,
      rule_branch: end.rule?.branch ?? null,
      package_id: end.packageId ?? null,
      reason: end.reason ?? null,
      ...(end.summary !== undefined && { summary: end.summary }),
      ended_at: end.at,
    })
    .where('id', '=', id)
    .where('status', '=', WAITING)
    .executeTakeFirst();
  return result.numUpdatedRows > 0n;
}

/**
 * Has a push wait once more that came to nothing, for it was sent again.
 *
 * @returns false where it came to something, or still waits
 */
export async function reopenPush(queries: Queries, id: string, at: number): Promise<boolean> {
  const result = await queries
    .updateTable('pushes')
    .set({ status: 'Waiting', rule_id: null, rule_branch: null, reason: null, attempts: 0, ended_at: null })
    .set({ received_at: at, due_at: at })
    .where('id', '=', id)
    .where('status', 'in', ['Ignored', 'Refused', 'Failed'])
    .executeTakeFirst();
  noteChange(queries, 'pushes');
  return result.numUpdatedRows > 0n;
}

/** Ends every push that waits, of all apps. */
export async function endWaitingPushes(queries: Queries, { status, reason, at }: PushEnd): Promise<void> {
  await queries
    .updateTable('pushes')
    .set({ status, reason: reason ?? null, ended_at: at })
    .where('status', '=', WAITING)
    .execute();
}

export async function countWaitingPushes(queries: Queries): Promise<number> {
  const { count } = await queries
    .selectFrom('pushes')
    .innerJoin('apps', 'apps.id', 'pushes.app_id')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('status', '=', WAITING)
    .where('apps.deleted_at', 'is', null)
    .executeTakeFirstOrThrow();
  return Number(count);
}

/** The builds that earlier pushes to a branch have started by a rule, and that have not begun. */
export function listQueuedOfRule(
  queries: Queries,
  { appKey, ruleId, branch }: { readonly appKey: string; readonly ruleId: string; readonly branch: string },
): Promise<PackageRow[]> {
  return queries
    .selectFrom('packages')
    .innerJoin('pushes', 'pushes.package_id', 'packages.id')
    .selectAll('packages')
    .where('packages.app_id', '=', appKey)
    .where('packages.status', '=', QUEUED)
    .where('packages.branch', '=', branch)
    .where('pushes.rule_id', '=', ruleId)
    .execute();
}

/** Deletes what nobody asks for any more. */
export async function deletePushesEndedBefore(queries: Queries, at: number): Promise<void> {
  await queries.deleteFrom('pushes').where('ended_at', '<', at).execute();
}

/** Deletes all that an app has of pushes: its secret and its rules, too. */
export async function deletePushesOf(queries: Queries, appKey: string): Promise<void> {
  await queries.deleteFrom('pushes').where('app_id', '=', appKey).execute();
  await queries.deleteFrom('push_rules').where('app_id', '=', appKey).execute();
  await queries.deleteFrom('push_secrets').where('app_id', '=', appKey).execute();
}
