import type { BlobStore } from '../blob/blob-store.ts';
import type { BuildLog } from '../build-log/build-log.ts';
import { ownsLogBlob } from '../database/build-log-chunks.ts';
import type { Database } from '../database/database.ts';
import { deleteJobsEndedBefore } from '../database/deployment-jobs.ts';
import { deleteOrdersBefore } from '../database/deployment-orders.ts';
import { deleteIdempotencyKeysBefore } from '../database/idempotency-keys.ts';
import { findAnyPackage } from '../database/packages.ts';
import { deletePushesEndedBefore } from '../database/pushes.ts';
import { packageOfBlobKey } from '../domain/blob-key.ts';
import { parsePackageId } from '../domain/identifiers.ts';
import { parseLogKey } from '../domain/log-key.ts';
import { ownsBlob } from './owns-blob.ts';

export interface SweepOrphansDeps {
  readonly database: Database;
  readonly blobs: BlobStore;
  readonly buildLog: BuildLog;
  readonly clock: () => number;
}

/** How long the same Idempotency-Key gives the same answer. */
const IDEMPOTENCY_KEY_LIFE_MS = 7 * 24 * 60 * 60 * 1000;
/** How long it can be asked how a start went, and its report may come again: clients ask for minutes. */
const JOB_LIFE_MS = 30 * 24 * 60 * 60 * 1000;
/** How long it can be seen what became of a push, and how long the same one starts nothing again. */
const PUSH_LIFE_MS = 90 * 24 * 60 * 60 * 1000;

/**
 * Deletes what no row speaks of: files and logs that a crash left behind after their row was deleted or before it was
 * written; and rows that nobody asks for any more. Has the logs finished that it left unfinished. May run while builds
 * do: the file of an attempt that is under way belongs to its row.
 *
 * @returns how many files and logs were deleted
 */
export async function sweepOrphans(deps: SweepOrphansDeps, signal: AbortSignal): Promise<number> {
  const { database, blobs, buildLog, clock } = deps;
  let swept = 0;
  for await (const key of blobs.list()) {
    if (signal.aborted) return swept;
    if ((await isOrphan(database, key)) && (await blobs.delete(key))) swept += 1;
  }
  for await (const name of buildLog.list()) {
    if (signal.aborted) return swept;
    const packageId = parsePackageId(name);
    if (packageId === undefined || (await findAnyPackage(database.read, packageId)) !== undefined) continue;
    await buildLog.delete(packageId);
    swept += 1;
  }
  await buildLog.sweep(signal);
  await database.transaction(async (queries) => {
    await deleteIdempotencyKeysBefore(queries, clock() - IDEMPOTENCY_KEY_LIFE_MS);
    await deleteJobsEndedBefore(queries, clock() - JOB_LIFE_MS);
    await deleteOrdersBefore(queries, clock() - JOB_LIFE_MS);
    await deletePushesEndedBefore(queries, clock() - PUSH_LIFE_MS);
  });
  return swept;
}

/** Whether a blob is of a package or a log that does not know it. Those that are neither are somebody else's. */
async function isOrphan({ read }: Pick<Database, 'read'>, key: string): Promise<boolean> {
  const log = parseLogKey(key);
  if (log !== undefined) return !(await ownsLogBlob(read, log, key));
  const packageId = packageOfBlobKey(key);
  return packageId !== undefined && !ownsBlob(await findAnyPackage(read, packageId), key);
}
