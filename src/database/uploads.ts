import type { PackageId } from '../domain/identifiers.ts';
import { noteChange } from './change-notices.ts';
import type { Queries } from './database.ts';
import { StaleUpdate, UNDER_WAY } from './packages.ts';
import type { PackageRow } from './schema.ts';

/** The upload that waits longest for its check: its file is whole, and it has neither Succeeded nor Failed. */
export function findUploadToCheck(queries: Queries): Promise<PackageRow | undefined> {
  return uploadsUnderWay(queries).where('sha256', 'is not', null).orderBy('sequence').limit(1).executeTakeFirst();
}

/** Uploads of which it is not known whether their file is whole. @param acceptedBefore in milliseconds since 1970 */
export function listUnfinishedUploads(queries: Queries, acceptedBefore: number): Promise<PackageRow[]> {
  return uploadsUnderWay(queries).where('sha256', 'is', null).where('created_at', '<', acceptedBefore).execute();
}

function uploadsUnderWay(queries: Queries) {
  return queries.selectFrom('packages').selectAll().where('status', 'in', UNDER_WAY).where('origin', '=', 'upload');
}

/** Writes down that the file of an upload is whole. @throws StaleUpdate when it was canceled meanwhile */
export async function markUploadReceived(
  queries: Queries,
  id: PackageId,
  { sizeBytes, sha256 }: { readonly sizeBytes: number; readonly sha256: string },
): Promise<void> {
  const result = await queries
    .updateTable('packages')
    .set({ size_bytes: sizeBytes, sha256 })
    .where('id', '=', id)
    .where('status', '=', 'Uploading')
    .executeTakeFirst();
  if (result.numUpdatedRows === 0n) throw new StaleUpdate(`The upload of package ${id} is no longer under way.`);
  noteChange(queries, 'uploads');
}

/** Counts a check that begins, so that one that ends the process every time comes to an end itself. */
export async function countUploadCheck(queries: Queries, id: PackageId): Promise<void> {
  await queries
    .updateTable('packages')
    .set(({ eb }) => ({ interruptions: eb('interruptions', '+', 1) }))
    .where('id', '=', id)
    .where('status', '=', 'Uploading')
    .execute();
}
