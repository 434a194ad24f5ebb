import type { BlobStore } from '../blob/blob-store.ts';
import type { BuildLog } from '../build-log/build-log.ts';
import { deleteAppRows, deleteIdempotencyKeysOf, listDeletedApps } from '../database/apps.ts';
import type { Database } from '../database/database.ts';
import { deletePackagesOf } from '../database/packages.ts';

export interface RemoveDeletedAppsDeps {
  readonly database: Database;
  readonly blobs: BlobStore;
  readonly buildLog: BuildLog;
  /** Drops what is kept for an app apart from its packages: its mirror and its cached members. */
  readonly dropCaches: (appKey: string) => Promise<void>;
}

/** Deleted in one transaction: a few milliseconds, and less than the reserve of the database. */
const PAGE = 250;

/**
 * Removes what is left of apps that were deleted, a page at a time, so that others have their turn in between. Files go
 * after their rows; those that a crash leaves behind have no row and are swept. Ends early when the signal fires, and may
 * be begun again at any time.
 */
export async function removeDeletedApps(deps: RemoveDeletedAppsDeps, signal: AbortSignal): Promise<void> {
  const { database, dropCaches } = deps;
  for (const key of await listDeletedApps(database.read)) {
    if (signal.aborted) return;
    await dropCaches(key);
    while (await removePage(deps, key)) if (signal.aborted) return;
    await database.transactionInReserve((queries) => deleteAppRows(queries, key));
  }
}

/** @returns whether there may be more */
async function removePage({ database, blobs, buildLog }: RemoveDeletedAppsDeps, key: string): Promise<boolean> {
  const { packages, keys } = await database.transactionInReserve(async (queries) => ({
    packages: await deletePackagesOf(queries, key, PAGE),
    keys: await deleteIdempotencyKeysOf(queries, key, PAGE),
  }));
  for (const { id, blob_key } of packages) {
    if (blob_key !== null) await blobs.delete(blob_key);
    await buildLog.delete(id);
  }
  return packages.length === PAGE || keys === PAGE;
}
