import { BlobError, type BlobStore } from '../blob/blob-store.ts';
import type { BuildLog } from '../build-log/build-log.ts';
import { insertAuditEntries } from '../database/audit.ts';
import type { Queries } from '../database/database.ts';
import { deletePackageRows } from '../database/packages.ts';
import type { AppRow, PackageRow } from '../database/schema.ts';
import { tellOfPackage } from '../database/tell-webhooks.ts';
import { hasActiveWebhook } from '../database/webhooks.ts';
import type { Login } from '../domain/identifiers.ts';

/** Why and by whom packages are deleted, for the audit. */
export interface Removal {
  readonly app: Pick<AppRow, 'id' | 'app_id'>;
  readonly login: Login;
  readonly action: 'package.delete' | 'package.prune';
  /** What the entry says besides the package; empty for nothing. */
  readonly note: string;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** Deletes the rows of packages, and writes down and tells that it was done. Their files are {@link removeFiles}'s. */
export async function removeRows(
  queries: Queries,
  { app, login, action, note, at }: Removal,
  rows: readonly Pick<PackageRow, 'id' | 'version'>[],
): Promise<void> {
  // Looking at each of many would take most of the time.
  const told = (await hasActiveWebhook(queries, app.id)) ? rows : [];
  for (const { id } of told) await tellOfPackage(queries, id, ['package.deleted'], at);
  await deletePackageRows(
    queries,
    rows.map(({ id }) => id),
  );
  const entries = rows.map(({ id, version }) => ({ subject: app.app_id, detail: `${id} ${version}${note}` }));
  await insertAuditEntries(
    queries,
    entries.map((entry) => ({ at, login, action, ...entry })),
  );
}

export interface RemoveFilesDeps {
  readonly blobs: BlobStore;
  readonly buildLog: BuildLog;
}

/**
 * Deletes the files and logs of packages whose rows are gone: their room is free once this resolves. What a crash leaves
 * behind, or a store that cannot be reached, has no row and is swept.
 */
export async function removeFiles(
  { blobs, buildLog }: RemoveFilesDeps,
  rows: readonly Pick<PackageRow, 'id' | 'blob_key'>[],
): Promise<void> {
  await Promise.all(
    rows.map(async ({ id, blob_key }) => {
      if (blob_key !== null) await blobs.delete(blob_key).catch(leaveToSweep);
      await buildLog.delete(id);
    }),
  );
}

/** The package is deleted whatever becomes of its file. */
function leaveToSweep(error: unknown): void {
  if (!(error instanceof BlobError) || error.kind !== 'unavailable') throw error;
}
