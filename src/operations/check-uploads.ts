import { BlobError, type BlobStore } from '../blob/blob-store.ts';
import type { BuildLog } from '../build-log/build-log.ts';
import type { Database } from '../database/database.ts';
import { changeStatus, deletePackageRow, StaleUpdate } from '../database/packages.ts';
import type { PackageRow } from '../database/schema.ts';
import { countUploadCheck, findUploadToCheck, listUnfinishedUploads } from '../database/uploads.ts';
import { blobKey } from '../domain/blob-key.ts';
import type { FailureCode } from '../domain/failure.ts';
import { parseMendixVersion } from '../domain/mendix-version.ts';
import { uploadVersion } from '../domain/upload-fields.ts';
import { inspectPackage, type PackageInspection } from '../packaging/inspect-package.ts';
import { PackageUnreadable } from '../packaging/package-unreadable.ts';
import { openPackageZip } from '../packaging/package-zip.ts';
import { queueDeployment } from './queue-deployment.ts';

export interface CheckUploadsDeps {
  readonly database: Database;
  readonly blobs: BlobStore;
  readonly buildLog: BuildLog;
  readonly clock: () => number;
  /** What a package may hold, unpacked. */
  readonly mostContentBytes: number;
  readonly onError: (error: unknown, packageId: string) => void;
}

/** A package may see the server end so often while it is checked, whoever ended it. */
const MOST_CHECKS = 5;

/**
 * Checks what was uploaded, one package after the other, the oldest first: each is Succeeded or Failed afterwards. Ends
 * early when the signal fires, and may be begun again at any time: a check that was cut off is made again.
 */
export async function checkUploads(deps: CheckUploadsDeps, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const row = await findUploadToCheck(deps.database.read);
    if (row === undefined) return;
    const verdict = await judge(deps, row, signal);
    if (verdict !== undefined) await conclude(deps, row, verdict);
  }
}

/**
 * Deletes what a server was receiving when it ended: nobody was told of it.
 *
 * @param acceptedBefore in milliseconds since 1970: what was not whole then, and is not now, will not be
 */
export async function dropUnfinishedUploads(
  { database, blobs }: Pick<CheckUploadsDeps, 'database' | 'blobs'>,
  acceptedBefore: number,
): Promise<void> {
  const dropped = await database.transactionInReserve(async (queries) => {
    // Looked for where they are deleted: one that is whole at this moment stays.
    const rows = await listUnfinishedUploads(queries, acceptedBefore);
    for (const row of rows) await deletePackageRow(queries, row.id);
    return rows;
  });
  for (const row of dropped) await blobs.delete(keyOf(row));
}

type Verdict =
  | { readonly kind: 'sound'; readonly found: PackageInspection }
  | { readonly kind: 'failed'; readonly code: FailureCode; readonly reason: string };

/** @returns undefined when the signal fired first */
async function judge(deps: CheckUploadsDeps, row: PackageRow, signal: AbortSignal): Promise<Verdict | undefined> {
  if (row.interruptions >= MOST_CHECKS) return GIVEN_UP;
  await deps.database.transactionInReserve((queries) => countUploadCheck(queries, row.id));
  try {
    const zip = openPackageZip(deps.blobs, keyOf(row), row.size_bytes);
    return { kind: 'sound', found: await inspectPackage(zip, deps.mostContentBytes, signal) };
  } catch (error) {
    if (signal.aborted) return undefined;
    if (error instanceof PackageUnreadable) return { kind: 'failed', code: 'package-invalid', reason: error.message };
    deps.onError(error, row.id);
    return error instanceof BlobError && error.kind === 'unavailable' ? STORE_AWAY : FAULT;
  }
}

const GIVEN_UP: Verdict = {
  kind: 'failed',
  code: 'attempts-used-up',
  reason: `The server ended ${MOST_CHECKS} times while it checked the package. Upload it again.`,
};
const FAULT: Verdict = {
  kind: 'failed',
  code: 'internal',
  reason: 'An unexpected error occurred while the package was checked. The log of the server has the details.',
};

const STORE_AWAY: Verdict = {
  kind: 'failed',
  code: 'store-unavailable',
  reason: 'The store that packages are kept in could not be reached while the package was checked. Upload it again.',
};

async function conclude(deps: CheckUploadsDeps, row: PackageRow, verdict: Verdict): Promise<void> {
  const { database, blobs, clock } = deps;
  await writeLog(deps, row, verdict);
  const guard = { packageId: row.id, status: 'Uploading', attempt: row.attempt } as const;
  const isSound = verdict.kind === 'sound';
  const next = isSound ? 'Succeeded' : 'Failed';
  const fields = isSound ? soundFields(row, verdict.found) : failedFields(verdict);
  try {
    await database.transactionInReserve(async (queries) => {
      const now = clock();
      await changeStatus(queries, guard, next, { ...fields, finished_at: now });
      if (isSound) await queueDeployment(queries, row, now);
    });
  } catch (error) {
    // It was canceled meanwhile.
    if (!(error instanceof StaleUpdate)) throw error;
    await blobs.delete(keyOf(row));
  }
  if (!isSound) await blobs.delete(keyOf(row));
}

function soundFields(row: PackageRow, { metadata }: PackageInspection): Partial<PackageRow> {
  return {
    blob_key: keyOf(row),
    version: uploadVersion(metadata?.modelVersion),
    mendix_version: parseMendixVersion(metadata?.runtimeVersion ?? '') ?? null,
  };
}

function failedFields({ code, reason }: Extract<Verdict, { kind: 'failed' }>): Partial<PackageRow> {
  return { failure_code: code, failure_reason: reason, size_bytes: 0, sha256: null };
}

/** What stands where the log of a build would. */
async function writeLog({ buildLog }: CheckUploadsDeps, row: PackageRow, verdict: Verdict): Promise<void> {
  const log = buildLog.open(row.id);
  log.line(`Uploaded as ${row.name}: ${row.size_bytes} bytes, SHA-256 ${row.sha256}.`);
  if (verdict.kind === 'failed') log.line(`Failed: ${verdict.reason}`);
  else log.line(`Succeeded: ${verdict.found.files} files, ${verdict.found.contentBytes} bytes unpacked.`);
  await log.close();
}

function keyOf({ id, attempt, started_at: startedAt }: PackageRow): string {
  return blobKey({ packageId: id, attempt, startedAt: startedAt ?? 0 });
}
