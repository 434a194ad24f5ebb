import type { PackageRow } from '../database/schema.ts';
import { blobKey } from '../domain/blob-key.ts';

/** Whether a blob is the file of a package, or of the attempt at it that is under way. */
export function ownsBlob(row: PackageRow | undefined, key: string): boolean {
  if (row === undefined) return false;
  if (row.status !== 'Building' && row.status !== 'Uploading') return row.blob_key === key;
  return key === attemptKey(row);
}

/** Where the attempt that is under way keeps its file. @returns undefined where none has begun */
export function attemptKey({ id, attempt, started_at }: PackageRow): string | undefined {
  return started_at === null ? undefined : blobKey({ packageId: id, attempt, startedAt: started_at });
}
