import type { LostPackage } from '../backup/backup-format.ts';
import type { BlobStore } from '../blob/blob-store.ts';
import { insertAuditEntry } from '../database/audit.ts';
import type { Database } from '../database/database.ts';
import { parseLogin } from '../domain/identifiers.ts';
import { packagesOf } from './back-up-packages.ts';
import { copyPackageFile, lookAtPackageFile } from './copy-package-file.ts';
import { recordLostPackage } from './record-lost-package.ts';

export interface RestorePackagesDeps {
  /** That was restored. */
  readonly database: Database;
  /** That the restored server uses. */
  readonly blobs: BlobStore;
  /** Where the files are, if they are not in that store already. */
  readonly source: Pick<BlobStore, 'findSize' | 'read'> | undefined;
  readonly clock: () => number;
  /** Told how many are done, after each package. */
  readonly onPackage: (done: number) => void;
}

export interface RestoredPackages {
  readonly packages: number;
  readonly packageBytes: number;
  readonly lost: readonly LostPackage[];
}

/**
 * Sees that every package of a restored database has its file: fetches it where it is kept apart from the backup, and
 * deletes the package, with an entry in the audit log, where it is missing there or another one. Afterwards the audit log
 * says that this was restored.
 *
 * @param origin what it was restored from, for the audit log
 */
export async function restorePackages(
  deps: RestorePackagesDeps,
  origin: string,
  signal: AbortSignal,
): Promise<RestoredPackages> {
  const { database, clock, onPackage } = deps;
  const done = { packages: 0, packageBytes: 0, lost: [] as LostPackage[] };
  for await (const row of packagesOf(database.read)) {
    signal.throwIfAborted();
    const verdict =
      deps.source === undefined
        ? await lookAtPackageFile(deps.blobs, row)
        : await copyPackageFile(deps.source, deps.blobs, row);
    if (verdict === 'sound') {
      done.packages += 1;
      done.packageBytes += row.size_bytes;
    } else {
      done.lost.push(await recordLostPackage(database, row, verdict, clock()));
    }
    onPackage(done.packages + done.lost.length);
  }
  const entry = { at: clock(), login: parseLogin('admin'), action: 'server.restore', subject: '', detail: origin };
  await database.transaction((queries) => insertAuditEntry(queries, entry));
  return done;
}
