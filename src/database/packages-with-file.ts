import type { Queries } from './database.ts';
import type { PackageRow } from './schema.ts';

/**
 * Packages of every app whose file is whole, oldest first: those that Succeeded, and uploads that wait for their check,
 * whose file nobody else has.
 *
 * @param page `after` is the sequence of the last one seen
 */
export function listPackagesWithFile(
  queries: Queries,
  page: { readonly after: number; readonly limit: number },
): Promise<PackageRow[]> {
  return queries
    .selectFrom('packages')
    .selectAll()
    .where('sequence', '>', page.after)
    .where(({ eb, and, or }) =>
      or([
        eb('blob_key', 'is not', null),
        and([eb('origin', '=', 'upload'), eb('status', '=', 'Uploading'), eb('sha256', 'is not', null)]),
      ]),
    )
    .orderBy('sequence')
    .limit(page.limit)
    .execute();
}

/** The ids of packages of every app, oldest first. @param page `after` is the sequence of the last one seen */
export function listPackageIds(
  queries: Queries,
  page: { readonly after: number; readonly limit: number },
): Promise<Pick<PackageRow, 'id' | 'sequence'>[]> {
  return queries
    .selectFrom('packages')
    .select(['id', 'sequence'])
    .where('sequence', '>', page.after)
    .orderBy('sequence')
    .limit(page.limit)
    .execute();
}

/** How many packages there are, whatever became of them. */
export async function countPackages(queries: Queries): Promise<number> {
  const row = await queries
    .selectFrom('packages')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow();
  return Number(row.count);
}
