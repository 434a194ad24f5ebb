import { sql } from 'kysely';
import type { PackageId } from '../domain/identifiers.ts';
import { mayBecome } from '../domain/package-status.ts';
import { hasEnded, type PackageStatus } from '../protocol/package.ts';
import type { EventType } from '../protocol/webhook-events.ts';
import { noteChange } from './change-notices.ts';
import type { Queries } from './database.ts';
import { prepareLookUp } from './look-up.ts';
import type { NewPackage, PackageRow } from './schema.ts';
import { tellOfPackage } from './tell-webhooks.ts';

/**
 * Statuses of builds that have not ended, for queries that look for them among all packages. They stand in the SQL and
 * are not bound: only so does SQLite see that its indexes of these few rows fit, and not read every package there is.
 */
export const QUEUED = sql.lit<PackageStatus>('Queued');
export const UNDER_WAY = sql<PackageStatus>`('Building', 'Uploading')`;

/** In the SQL as well, for an index of those that did. */
const SUCCEEDED = sql.lit<PackageStatus>('Succeeded');

/** Finds a package by its id alone: for the server itself, never for a client. */
export const findAnyPackage = prepareLookUp<PackageId, PackageRow>((queries) =>
  queries
    .selectFrom('packages')
    .selectAll()
    .where('id', '=', '' as PackageId),
);

/** Finds a package of an app. */
export async function findPackage(queries: Queries, appKey: string, id: PackageId): Promise<PackageRow | undefined> {
  const row = await findAnyPackage(queries, id);
  return row?.app_id === appKey ? row : undefined;
}

/** One page of an app's packages, newest first. @param page `before` is the sequence of the last one seen */
export function listPackages(
  queries: Queries,
  appKey: string,
  page: { readonly before?: number; readonly limit: number },
): Promise<PackageRow[]> {
  return queries
    .selectFrom('packages')
    .selectAll()
    .where('app_id', '=', appKey)
    .where('sequence', '<', page.before ?? Number.MAX_SAFE_INTEGER)
    .orderBy('sequence', 'desc')
    .limit(page.limit)
    .execute();
}

/** The package that was built for a branch last, of those that Succeeded. @param branch its bare name */
export function findNewestBuilt(queries: Queries, appKey: string, branch: string): Promise<PackageRow | undefined> {
  return queries
    .selectFrom('packages')
    .selectAll()
    .where('app_id', '=', appKey)
    .where('branch', '=', branch)
    .where('status', '=', SUCCEEDED)
    .orderBy('sequence', 'desc')
    .limit(1)
    .executeTakeFirst();
}

/** Of uploads. As above: the index of the others leaves them out. */
const NO_BRANCH = sql.lit('');

/**
 * The version of the package that was accepted last for a branch, whatever became of it.
 *
 * @param beginning of the versions that count: digits and dots; empty for all
 */
export async function findNewestVersion(
  queries: Queries,
  { appKey, branch, beginning }: { readonly appKey: string; readonly branch: string; readonly beginning: string },
): Promise<string | undefined> {
  const row = await queries
    .selectFrom('packages')
    .select('version')
    .where('app_id', '=', appKey)
    .where('branch', '=', branch)
    .where('branch', '<>', NO_BRANCH)
    .where('version', 'like', `${beginning}%`)
    .orderBy('sequence', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row?.version;
}

/** Some of the packages of every app, oldest first. */
export interface OldestFirst {
  /** The sequence of the last one seen. */
  readonly after: number;
  readonly limit: number;
}

/** Packages that have a file, of every app. */
export function listStoredPackages(queries: Queries, page: OldestFirst): Promise<PackageRow[]> {
  return pageOldestFirst(queries, page).selectAll().where('blob_key', 'is not', null).execute();
}

/** A page of the packages of every app; what of them is for the caller to say. */
export function pageOldestFirst(queries: Queries, { after, limit }: OldestFirst) {
  return queries.selectFrom('packages').where('sequence', '>', after).orderBy('sequence').limit(limit);
}

/** How many builds wait and how many are under way. */
export async function countPackagesByStatus(queries: Queries): Promise<Partial<Record<PackageStatus, number>>> {
  // Many may wait. They are counted in their index alone as long as no column is asked for that it has not.
  const { queued } = await queries
    .selectFrom('packages')
    .select(({ fn }) => fn.countAll<number>().as('queued'))
    .where('status', '=', QUEUED)
    .executeTakeFirstOrThrow();
  const underWay = await queries
    .selectFrom('packages')
    .select(({ fn }) => ['status', fn.countAll<number>().as('count')])
    .where('status', 'in', UNDER_WAY)
    .groupBy('status')
    .execute();
  return Object.fromEntries([['Queued', Number(queued)], ...underWay.map((row) => [row.status, Number(row.count)])]);
}

export async function insertPackage(queries: Queries, row: NewPackage): Promise<void> {
  await queries.insertInto('packages').values(row).execute();
  if (row.status !== 'Queued') return;
  noteChange(queries, 'builds');
  await tellOfPackage(queries, row.id, ['build.queued'], row.created_at);
}

/** Deletes a package's row, and with it what it declares and what the outbox still had to do for it. */
export async function deletePackageRow(queries: Queries, id: PackageId): Promise<void> {
  await deletePackageRows(queries, [id]);
}

/** Deletes the rows of packages, and with them what they declare and what the outbox still had to do for them. */
export async function deletePackageRows(queries: Queries, ids: readonly PackageId[]): Promise<void> {
  await queries.deleteFrom('outbox').where('package_id', 'in', ids).execute();
  await queries.deleteFrom('package_settings').where('package_id', 'in', ids).execute();
  await queries.deleteFrom('held_packages').where('package_id', 'in', ids).execute();
  await queries.deleteFrom('packages').where('id', 'in', ids).execute();
  for (const id of ids) noteChange(queries, `package:${id}`);
}

/** Deletes the newest packages of an app, and what the outbox had to do for them. @returns those that are gone */
export async function deletePackagesOf(
  queries: Queries,
  appKey: string,
  limit: number,
): Promise<Pick<PackageRow, 'id' | 'blob_key'>[]> {
  const page = await queries
    .selectFrom('packages')
    .select(['id', 'blob_key', 'sequence'])
    .where('app_id', '=', appKey)
    .orderBy('sequence', 'desc')
    .limit(limit)
    .execute();
  const oldest = page.at(-1);
  if (oldest === undefined) return [];
  const ofApp = queries.selectFrom('packages').select('id').where('app_id', '=', appKey);
  const ofPage = ofApp.where('sequence', '>=', oldest.sequence);
  await queries.deleteFrom('outbox').where('package_id', 'in', ofPage).execute();
  await queries.deleteFrom('package_settings').where('package_id', 'in', ofPage).execute();
  await queries.deleteFrom('packages').where('app_id', '=', appKey).where('sequence', '>=', oldest.sequence).execute();
  for (const { id } of page) noteChange(queries, `package:${id}`);
  return page;
}

/** Who wrote last was not who thinks so: the package has moved on, or was deleted. The writer lost its claim. */
export class StaleUpdate extends Error {
  override readonly name = 'StaleUpdate';
}

/** What an update expects to find. */
export interface Guard {
  readonly packageId: PackageId;
  readonly status: PackageStatus;
  readonly attempt: number;
}

/**
 * The only way a package changes its status: along the table in `domain/`, and only if it still is what the caller
 * believes.
 *
 * @throws StaleUpdate when it is not
 */
export async function changeStatus(
  queries: Queries,
  guard: Guard,
  next: PackageStatus,
  fields: Partial<Omit<PackageRow, 'id' | 'sequence' | 'status'>> = {},
): Promise<void> {
  if (!mayBecome(guard.status, next)) throw new Error(`A package may not go from ${guard.status} to ${next}.`);
  const result = await queries
    .updateTable('packages')
    .set({ ...fields, status: next })
    .where('id', '=', guard.packageId)
    .where('status', '=', guard.status)
    .where('attempt', '=', guard.attempt)
    .executeTakeFirst();
  if (result.numUpdatedRows === 0n) {
    throw new StaleUpdate(`Package ${guard.packageId} is no longer ${guard.status} at attempt ${guard.attempt}.`);
  }
  noteChange(queries, `package:${guard.packageId}`);
  // One that ended, too, may have another of its app begin.
  if (next === 'Queued' || hasEnded(next)) noteChange(queries, 'builds');
  await tellOfStatus(queries, guard, next, fields);
}

async function tellOfStatus(
  queries: Queries,
  { packageId }: Guard,
  next: PackageStatus,
  { started_at, finished_at }: Partial<PackageRow>,
): Promise<void> {
  const events = EVENTS[next];
  if (events === undefined) return;
  const at = finished_at ?? started_at;
  if (at == null) throw new Error(`A package becomes ${next} at a time that is not said.`);
  await tellOfPackage(queries, packageId, events, at);
}

/** What webhooks are told when a package has become something. */
const EVENTS: Readonly<Partial<Record<PackageStatus, readonly EventType[]>>> = {
  Building: ['build.started'],
  Succeeded: ['build.succeeded', 'package.uploaded'],
  Failed: ['build.failed'],
};

/** Keeps a package until it is unpinned, or does so no longer. */
export async function updatePinned(queries: Queries, id: PackageId, pinned: boolean): Promise<void> {
  await queries
    .updateTable('packages')
    .set({ pinned: pinned ? 1 : 0 })
    .where('id', '=', id)
    .execute();
}

/** Records what became of a package's tag. */
export async function updateTag(
  queries: Queries,
  id: PackageId,
  tag: Pick<PackageRow, 'tag_status' | 'tag_message'>,
): Promise<void> {
  await queries.updateTable('packages').set(tag).where('id', '=', id).execute();
  noteChange(queries, `package:${id}`);
}

/** Records what became of deploying a package. */
export async function updateDeploy(
  queries: Queries,
  id: PackageId,
  deploy: Pick<PackageRow, 'deploy_status' | 'deploy_message'>,
): Promise<void> {
  await queries.updateTable('packages').set(deploy).where('id', '=', id).execute();
  noteChange(queries, `package:${id}`);
}

/** The package that was accepted last, of those of an app that Succeeded. */
export function findNewestSucceeded(queries: Queries, appKey: string): Promise<PackageRow | undefined> {
  return queries
    .selectFrom('packages')
    .selectAll()
    .where('app_id', '=', appKey)
    .where('status', '=', 'Succeeded')
    .orderBy('sequence', 'desc')
    .limit(1)
    .executeTakeFirst();
}

/** Whether an app has builds that have not ended. */
export async function hasUnfinishedBuilds(queries: Queries, appKey: string): Promise<boolean> {
  const ofApp = queries.selectFrom('packages').select('id').where('app_id', '=', appKey);
  const unfinished = ofApp.where('status', '=', QUEUED).unionAll(ofApp.where('status', 'in', UNDER_WAY));
  return (await unfinished.limit(1).executeTakeFirst()) !== undefined;
}
