import { sql } from 'kysely';
import type { PackageId } from '../domain/identifiers.ts';
import type { Queries } from './database.ts';
import type { PackageRow } from './schema.ts';

/** What is looked at to say whether a package is kept. */
const COLUMNS = [
  'sequence',
  'id',
  'app_id',
  'name',
  'version',
  'branch',
  'status',
  'created_at',
  'size_bytes',
  'blob_key',
  'pinned',
] as const;

export type JudgedPackage = Pick<PackageRow, (typeof COLUMNS)[number]>;

/** One page of an app's packages, oldest first. @param page `after` is the sequence of the last one seen */
export function listPackagesAfter(
  queries: Queries,
  appKey: string,
  page: { readonly after: number; readonly limit: number },
): Promise<JudgedPackage[]> {
  return queries
    .selectFrom('packages')
    .select(COLUMNS)
    .where('app_id', '=', appKey)
    .where('sequence', '>', page.after)
    .orderBy('sequence')
    .limit(page.limit)
    .execute();
}

/** Those of some packages that are still there, oldest first. */
export async function listPackagesById(queries: Queries, ids: readonly PackageId[]): Promise<JudgedPackage[]> {
  // Asked for an order, SQLite would read every package of the app in it.
  const rows = await queries.selectFrom('packages').select(COLUMNS).where('id', 'in', ids).execute();
  return rows.toSorted((a, b) => a.sequence - b.sequence);
}

/** From which sequence on packages of a branch are among its newest; null where there are not so many. */
export interface NewestOfBranch {
  readonly branch: string;
  readonly succeeded: number | null;
  readonly failed: number | null;
}

/**
 * Where the newest packages of branches begin: of those that Succeeded and of those that Failed.
 *
 * @param of the branches of the packages from one sequence to another
 * @param count how many are the newest; at least 1
 */
export function listNewestOfBranches(
  queries: Queries,
  of: { readonly appKey: string; readonly from: number; readonly to: number },
  count: number,
): Promise<NewestOfBranch[]> {
  const branches = queries
    .selectFrom('packages')
    .select(['app_id', 'branch'])
    .distinct()
    .where('app_id', '=', of.appKey)
    .where('sequence', '>=', of.from)
    .where('sequence', '<=', of.to)
    .as('branches');
  return queries
    .selectFrom(branches)
    .select(({ selectFrom }) => {
      const newest = selectFrom('packages')
        .select('sequence')
        .whereRef('packages.app_id', '=', 'branches.app_id')
        .whereRef('packages.branch', '=', 'branches.branch')
        .orderBy('sequence', 'desc')
        .limit(1)
        .offset(count - 1);
      return [
        'branches.branch',
        newest.where('status', '=', sql.lit('Succeeded')).as('succeeded'),
        newest.where('status', '=', sql.lit('Failed')).as('failed'),
      ];
    })
    .execute();
}
