import type { BlobStore } from '../blob/blob-store.ts';
import type { BuildLog } from '../build-log/build-log.ts';
import { deleteAppRows, deleteIdempotencyKeysOf, listDeletedApps } from '../database/apps.ts';
import type { Database } from '../database/database.ts';
import { listEnvironments } from '../database/environments.ts';
import { deletePackagesOf } from '../database/packages.ts';
import { deleteMessagesOf } from '../database/webhook-messages.ts';
import type { Deployments } from '../deployment/deployments.ts';

export interface RemoveDeletedAppsDeps {
  readonly database: Database;
  readonly blobs: BlobStore;
  readonly buildLog: BuildLog;
  readonly deployments: Deployments;
  /** Told of an environment whose target could not remove it: it is forgotten all the same. */
  readonly onError: (error: unknown, environmentId: string) => void;
}

/** Deleted in one transaction: a few milliseconds, and less than the reserve of the database. */
const PAGE = 250;

/**
 * Removes what is left of apps that were deleted, a page at a time, so that others have their turn in between. Files go
 * after their rows; those that a crash leaves behind have no row and are swept. Ends early when the signal fires, and may
 * be begun again at any time.
 */
export async function removeDeletedApps(deps: RemoveDeletedAppsDeps, signal: AbortSignal): Promise<void> {
  const { database } = deps;
  for (const key of await listDeletedApps(database.read)) {
    if (signal.aborted) return;
    if (!(await removeEnvironments(deps, key, signal))) return;
    while (await removePage(deps, key)) if (signal.aborted) return;
    await database.transactionInReserve((queries) => deleteAppRows(queries, key));
  }
}

/**
 * Has the targets forget the environments of an app. What a target cannot do does not keep the app for ever.
 *
 * @returns whether each was asked; not when the server ends meanwhile
 */
async function removeEnvironments(
  { database, deployments, onError }: RemoveDeletedAppsDeps,
  key: string,
  signal: AbortSignal,
): Promise<boolean> {
  for (const environment of await listEnvironments(database.read, key)) {
    const asked = await deployments.inTurnUnattended(environment.id, signal, async (turn) => {
      try {
        await deployments.targetOf(environment).remove(turn.signal);
      } catch (error) {
        if (turn.signal.aborted) return false;
        onError(error, environment.id);
      }
      return true;
    });
    if (!asked) return false;
  }
  return true;
}

/** @returns whether there may be more */
async function removePage({ database, blobs, buildLog }: RemoveDeletedAppsDeps, key: string): Promise<boolean> {
  const { packages, keys, messages } = await database.transactionInReserve(async (queries) => ({
    packages: await deletePackagesOf(queries, key, PAGE),
    keys: await deleteIdempotencyKeysOf(queries, key, PAGE),
    messages: await deleteMessagesOf(queries, key, PAGE),
  }));
  for (const { id, blob_key } of packages) {
    if (blob_key !== null) await blobs.delete(blob_key);
    await buildLog.delete(id);
  }
  return [packages.length, keys, messages].includes(PAGE);
}
