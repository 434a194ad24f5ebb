import type { BlobStore } from '../blob/blob-store.ts';
import type { BuildLog } from '../build-log/build-log.ts';
import { deleteAppRows, findApp } from '../database/apps.ts';
import { insertAuditEntry } from '../database/audit.ts';
import type { Database, Queries } from '../database/database.ts';
import { hasUnfinishedBuilds, listPackages } from '../database/packages.ts';
import type { AppRow, PackageRow } from '../database/schema.ts';
import type { User } from '../database/users.ts';
import { Refusal } from '../domain/refusal.ts';

export interface DeleteAppDeps {
  readonly database: Database;
  readonly blobs: BlobStore;
  readonly buildLog: BuildLog;
  /** Drops what is kept for an app apart from its packages: its mirror and its cached members. */
  readonly dropCaches: (appKey: string) => Promise<void>;
  readonly clock: () => number;
}

/**
 * Deletes an app with all its packages. The rows go first and together; files that a crash leaves behind have no row
 * and are swept.
 *
 * @throws Refusal APP_NOT_FOUND, APP_IN_USE while a build has not ended
 */
export async function deleteApp(
  { database, blobs, buildLog, dropCaches, clock }: DeleteAppDeps,
  { app, user }: { readonly app: AppRow; readonly user: User },
): Promise<void> {
  const packages = await database.transactionInReserve(async (queries) => {
    if ((await findApp(queries, app.id)) === undefined) throw new Refusal('APP_NOT_FOUND');
    if (await hasUnfinishedBuilds(queries, app.id)) {
      throw new Refusal(
        'APP_IN_USE',
        `The app '${app.app_id}' still has builds that have not ended. Cancel them first.`,
      );
    }
    const found = await listFiles(queries, app.id);
    await deleteAppRows(queries, app.id);
    await insertAuditEntry(queries, {
      at: clock(),
      login: user.login,
      action: 'app.delete',
      subject: app.app_id,
      detail: `${app.name}, ${found.length} packages`,
    });
    return found;
  });
  for (const { id, blob_key } of packages) {
    if (blob_key !== null) await blobs.delete(blob_key);
    await buildLog.delete(id);
  }
  await dropCaches(app.id);
}

async function listFiles(queries: Queries, appKey: string): Promise<Pick<PackageRow, 'id' | 'blob_key'>[]> {
  const files: Pick<PackageRow, 'id' | 'blob_key'>[] = [];
  let before = Number.MAX_SAFE_INTEGER;
  for (;;) {
    const page = await listPackages(queries, appKey, { before, limit: 1000 });
    for (const { id, blob_key, sequence } of page) {
      files.push({ id, blob_key });
      before = sequence;
    }
    if (page.length < 1000) return files;
  }
}
