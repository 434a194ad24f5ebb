import type { Queries } from './database.ts';
import { type OldestFirst, pageOldestFirst } from './packages.ts';
import type { PackageRow } from './schema.ts';

/**
 * Packages of every app whose file is whole: those that Succeeded, and uploads that wait for their check, whose file
 * nobody else has.
 */
export function listPackagesWithFile(queries: Queries, page: OldestFirst): Promise<PackageRow[]> {
  return pageOldestFirst(queries, page)
    .selectAll()
    .where(({ eb, and, or }) =>
      or([
        eb('blob_key', 'is not', null),
        and([eb('origin', '=', 'upload'), eb('status', '=', 'Uploading'), eb('sha256', 'is not', null)]),
      ]),
    )
    .execute();
}

/** The ids of packages of every app. */
export function listPackageIds(queries: Queries, page: OldestFirst): Promise<Pick<PackageRow, 'id' | 'sequence'>[]> {
  return pageOldestFirst(queries, page).select(['id', 'sequence']).execute();
}

/** How many packages there are, whatever became of them. */
export async function countPackages(queries: Queries): Promise<number> {
  const row = await queries
    .selectFrom('packages')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow();
  return Number(row.count);
}
