import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { openDiskBlobStore } from '../../src/blob/disk-blob-store.ts';
import { openSharedBuildLog, type SharedBuildLogOptions } from '../../src/build-log/shared-build-log.ts';
import type { Database } from '../../src/database/database.ts';
import { deletePackageRow } from '../../src/database/packages.ts';
import type { NewPackage } from '../../src/database/schema.ts';
import type { PackageId } from '../../src/domain/identifiers.ts';
import { addApp, addPackage } from './database.ts';
import { temporaryFolder } from './temporary-folder.ts';

/** A shared log with a package to write to, in its first attempt. What a log reports fails a test, unless it says otherwise. */
export async function setUpSharedLog(
  context: TestContext,
  database: Database,
  fields: Partial<NewPackage> = {},
  options: Partial<SharedBuildLogOptions> = {},
) {
  const folder = join(await temporaryFolder(context), 'packages');
  const blobs = await openDiskBlobStore(folder);
  const packageId = await addPackage(database, await addApp(database, 'calc'), {
    status: 'Building',
    attempt: 1,
    started_at: 1,
    ...fields,
  });
  const open = (other: Partial<SharedBuildLogOptions> = {}) =>
    openSharedBuildLog({
      database,
      blobs,
      clock: () => Date.UTC(2026, 0, 31, 12),
      mostBytes: 64 * 1024 * 1024,
      onError(error) {
        throw error;
      },
      ...options,
      ...other,
    });
  return { folder, blobs, packageId, open, log: open(), deletePackage: () => remove(database, packageId) };
}

async function remove(database: Database, packageId: PackageId): Promise<void> {
  await database.transaction((queries) => deletePackageRow(queries, packageId));
}
