import type { BlobStore, WrittenBlob } from '../blob/blob-store.ts';
import type { BuildReport } from '../builders/builder.ts';
import { guardOf } from '../database/build-claims.ts';
import type { Database, Queries } from '../database/database.ts';
import { DatabaseUnavailable } from '../database/database-unavailable.ts';
import { insertOutboxEntry } from '../database/outbox.ts';
import { changeStatus, findAnyPackage, StaleUpdate } from '../database/packages.ts';
import { blobKey } from '../domain/blob-key.ts';
import type { FailureCode } from '../domain/failure.ts';
import { queueDeployment } from '../operations/queue-deployment.ts';
import type { Problem } from '../protocol/package.ts';
import type { Claim } from '../queue/build-queue.ts';
import { ClaimLost } from './build-outcome.ts';
import { insist } from './insist.ts';

export interface WriteOutcomeDeps {
  readonly database: Database;
  readonly blobs: BlobStore;
  readonly clock: () => number;
}

/** Tags of builds that end in quick succession are pushed together: a push costs more than a small build. */
const TAG_DELAY_MS = 1000;

/**
 * Makes a package Succeeded once its file is in the blob store. When that cannot be written the file goes away again,
 * unless it may have been written all the same: then it stays, and is swept if nobody speaks of it.
 *
 * @throws StaleUpdate when the build is no longer this claim's; DatabaseUnavailable; the reason of the signal
 */
export async function writeSuccess(
  deps: WriteOutcomeDeps,
  claim: Claim,
  written: WrittenBlob & Readonly<BuildReport>,
  signal: AbortSignal,
): Promise<void> {
  let isUnwritten = false;
  try {
    await insist(async () => {
      try {
        await deps.database.transaction((queries) => insertSuccess(deps, queries, claim, written));
      } catch (error) {
        if (error instanceof DatabaseUnavailable) throw error;
        // Of an earlier try, whose answer was lost.
        if (error instanceof StaleUpdate && (await hasSucceeded(deps, claim))) return;
        isUnwritten = true;
        throw error;
      }
    }, signal);
  } catch (error) {
    if (isUnwritten) await deps.blobs.delete(blobKey(claim));
    throw error;
  }
}

async function hasSucceeded({ database }: WriteOutcomeDeps, claim: Claim): Promise<boolean> {
  const row = await findAnyPackage(database.read, claim.packageId);
  return row?.status === 'Succeeded' && row.blob_key === blobKey(claim);
}

/** Tells that the file of a build is being stored. @throws as above */
export async function writeUploading({ database }: WriteOutcomeDeps, claim: Claim, signal: AbortSignal): Promise<void> {
  const { packageId, attempt } = claim;
  await insist(
    () =>
      database.transaction(async (queries) => {
        const guard = await guardOf(queries, claim);
        if (guard.status === 'Building') {
          await changeStatus(queries, { packageId, attempt, status: 'Building' }, 'Uploading');
        }
      }, 'relaxed'),
    signal,
  );
}

/** The package, its tag and its deployment to come: in one transaction, so that none is ever there without the others. */
async function insertSuccess(
  { clock }: WriteOutcomeDeps,
  queries: Queries,
  claim: Claim,
  { sizeBytes, sha256, mendixVersion }: WrittenBlob & Readonly<BuildReport>,
): Promise<void> {
  const { packageId, attempt } = claim;
  const now = clock();
  await changeStatus(queries, { packageId, status: 'Uploading', attempt }, 'Succeeded', {
    size_bytes: sizeBytes,
    sha256,
    blob_key: blobKey(claim),
    finished_at: now,
    lease_expires_at: null,
    tag_status: 'Pending',
    mendix_version: mendixVersion ?? null,
  });
  const row = await findAnyPackage(queries, packageId);
  if (row === undefined) throw new StaleUpdate(`Package ${packageId} was deleted.`);
  const tag = { kind: 'tag', package_id: packageId, app_id: row.app_id } as const;
  await insertOutboxEntry(queries, { ...tag, created_at: now, due_at: now + TAG_DELAY_MS });
  await queueDeployment(queries, row, now);
}

interface Failure extends Readonly<BuildReport> {
  readonly code: FailureCode;
  readonly reason: string;
  readonly problems: readonly Problem[];
}

/**
 * Makes a package Failed.
 *
 * @returns false when the build is no longer this claim's: somebody else decides its end
 * @throws the reason of the signal
 */
export async function writeFailure(
  deps: WriteOutcomeDeps,
  claim: Claim,
  failure: Failure,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    await insist(
      () => deps.database.transactionInReserve((queries) => changeToFailed(deps, queries, claim, failure)),
      signal,
    );
  } catch (error) {
    if (!(error instanceof StaleUpdate || error instanceof ClaimLost)) throw error;
    // Of an earlier try, whose answer was lost.
    return await hasFailed(deps, claim, failure);
  }
  return true;
}

async function changeToFailed(
  { clock }: WriteOutcomeDeps,
  queries: Queries,
  claim: Claim,
  { code, reason, problems, mendixVersion }: Failure,
): Promise<void> {
  await changeStatus(queries, await guardOf(queries, claim), 'Failed', {
    failure_code: code,
    failure_reason: reason,
    problems: problems.length === 0 ? null : JSON.stringify(problems),
    mendix_version: mendixVersion ?? null,
    finished_at: clock(),
    lease_expires_at: null,
  });
}

async function hasFailed(
  { database }: WriteOutcomeDeps,
  { packageId, attempt }: Claim,
  { code, reason }: Failure,
): Promise<boolean> {
  const row = await findAnyPackage(database.read, packageId);
  return row?.attempt === attempt && row.failure_code === code && row.failure_reason === reason;
}
