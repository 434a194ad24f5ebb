import { randomUUID } from 'node:crypto';
import { BlobError, type BlobStore, type BlobWriter } from '../blob/blob-store.ts';
import { findApp } from '../database/apps.ts';
import { insertAuditEntry } from '../database/audit.ts';
import type { Database, Queries } from '../database/database.ts';
import { deletePackageRow, insertPackage } from '../database/packages.ts';
import type { AppRow } from '../database/schema.ts';
import { markUploadReceived } from '../database/uploads.ts';
import type { User } from '../database/users.ts';
import { type AttemptName, blobKey } from '../domain/blob-key.ts';
import type { PackageId } from '../domain/identifiers.ts';
import { Refusal } from '../domain/refusal.ts';
import { NO_VERSION, parseUploadDescription, parseUploadName, type UploadFields } from '../domain/upload-fields.ts';

export interface ReceiveUploadDeps {
  readonly database: Database;
  readonly blobs: BlobStore;
  readonly clock: () => number;
}

export interface ReceiveUploadArgs {
  readonly app: AppRow;
  readonly user: User;
  /** Gives the bytes of the package, one chunk after the other, and then what came with them. */
  readonly read: (write: (chunk: Uint8Array) => Promise<void>) => Promise<UploadFields>;
}

/**
 * Receives a package: writes its bytes down as they come, and once this resolves they survive anything, and are going to
 * be checked: see `check-uploads.ts`. Until then the package is Uploading.
 *
 * The row is written before the file is visible, so that no sweep takes the file for nobody's; and it says that the file
 * is whole only once it is, so that what a crash leaves in between is told from what somebody was promised.
 *
 * @throws Refusal APP_NOT_FOUND, INVALID_PARAMETERS, UPLOAD_COPY_FAILED; what `read` throws passes through. Nothing is
 *   left of the package then.
 */
export async function receiveUpload(deps: ReceiveUploadDeps, args: ReceiveUploadArgs): Promise<PackageId> {
  const attempt: AttemptName = { packageId: randomUUID() as PackageId, attempt: 1, startedAt: deps.clock() };
  const writer = await copying(deps.blobs.create(blobKey(attempt)));
  try {
    const fields = await args.read((chunk) => copying(writer.write(chunk)));
    await copying(deps.database.transaction((queries) => insertUpload(deps, queries, { ...args, attempt, fields })));
    await copying(finish(deps, attempt, writer));
  } finally {
    await writer.abort();
  }
  return attempt.packageId;
}

async function finish(deps: ReceiveUploadDeps, attempt: AttemptName, writer: BlobWriter): Promise<void> {
  const { database, blobs } = deps;
  try {
    const written = await writer.commit();
    await database.transaction((queries) => markUploadReceived(queries, attempt.packageId, written));
  } catch (error) {
    await database.transactionInReserve((queries) => deletePackageRow(queries, attempt.packageId));
    await blobs.delete(blobKey(attempt));
    throw error;
  }
}

interface NewUpload extends Omit<ReceiveUploadArgs, 'read'> {
  readonly attempt: AttemptName;
  readonly fields: UploadFields;
}

async function insertUpload(
  { clock }: ReceiveUploadDeps,
  queries: Queries,
  { app, user, attempt, fields }: NewUpload,
): Promise<void> {
  if ((await findApp(queries, app.id)) === undefined) throw new Refusal('APP_NOT_FOUND');
  const name = parseUploadName(fields.name);
  const now = clock();
  await insertPackage(queries, {
    id: attempt.packageId,
    app_id: app.id,
    name,
    description: parseUploadDescription(fields.description),
    version: NO_VERSION,
    creator_login: user.login,
    creator_name: user.name,
    created_at: now,
    status: 'Uploading',
    origin: 'upload',
    branch: '',
    is_main_line: 0,
    revision: '',
    attempt: attempt.attempt,
    started_at: attempt.startedAt,
    interruptions: 0,
    size_bytes: 0,
  });
  await insertAuditEntry(queries, {
    at: now,
    login: user.login,
    action: 'package.upload',
    subject: app.app_id,
    detail: `${attempt.packageId} ${name}`,
  });
}

/** Whatever keeps a package from being stored has one code. */
async function copying<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof Refusal && error.code !== 'STORAGE_FULL') throw error;
    const isForClient = error instanceof Refusal || (error instanceof BlobError && error.kind !== 'unavailable');
    const reason = isForClient ? error.message : 'See the log of the server.';
    throw new Refusal('UPLOAD_COPY_FAILED', `The uploaded package could not be stored. ${reason}`, { cause: error });
  }
}
