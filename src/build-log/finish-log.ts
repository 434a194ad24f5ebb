import { randomUUID } from 'node:crypto';
import type { BlobStore } from '../blob/blob-store.ts';
import { findLogSize, replaceByBlob } from '../database/build-log-chunks.ts';
import type { Database } from '../database/database.ts';
import { DatabaseUnavailable } from '../database/database-unavailable.ts';
import type { PackageId } from '../domain/identifiers.ts';
import { logKey } from '../domain/log-key.ts';
import { readLog } from './read-log.ts';

export interface FinishLogDeps {
  readonly database: Pick<Database, 'read' | 'transaction'>;
  readonly blobs: Pick<BlobStore, 'create' | 'read' | 'delete'>;
}

/**
 * Makes a blob of a shared log, which takes the place of its text once it is safe: killed at any moment, this leaves the
 * log whole, in the one form or in the other, and at most a blob for the sweep. May be called twice, and by several at
 * once, each of which writes a blob of its own; what is added meanwhile stays text after it.
 *
 * @param signal ends it: the log stays text
 */
export async function finishLog(
  deps: FinishLogDeps,
  packageId: PackageId,
  signal: AbortSignal | undefined,
): Promise<void> {
  signal?.throwIfAborted();
  const { database, blobs } = deps;
  const sizeBytes = await findLogSize(database.read, packageId);
  if (sizeBytes === 0) return;
  const name = { packageId, sizeBytes };
  const key = logKey(name, randomUUID().slice(0, 8));
  const isWhole = await copyTo(deps, name, key, signal);
  let unused: readonly string[] | undefined;
  try {
    // In full: the blobs that it replaces are deleted for good.
    unused = isWhole ? await database.transaction((queries) => replaceByBlob(queries, name, key)) : undefined;
  } catch (error) {
    if (!(error instanceof DatabaseUnavailable)) await blobs.delete(key);
    // It may have been written all the same; the sweep knows.
    throw error;
  }
  for (const useless of unused ?? [key]) await blobs.delete(useless);
}

/** @returns false when the log was deleted meanwhile */
async function copyTo(
  deps: FinishLogDeps,
  { packageId, sizeBytes }: { readonly packageId: PackageId; readonly sizeBytes: number },
  key: string,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const output = await deps.blobs.create(key);
  const giveUp = () => void output.abort().catch(() => undefined);
  signal?.addEventListener('abort', giveUp, { once: true });
  try {
    for await (const chunk of readLog(deps, packageId, { start: 0, end: sizeBytes })) await output.write(chunk);
    return (await output.commit()).sizeBytes === sizeBytes;
  } finally {
    signal?.removeEventListener('abort', giveUp);
    await output.abort();
  }
}
