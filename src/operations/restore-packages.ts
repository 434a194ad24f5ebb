import { createHash } from 'node:crypto';
import type { LostPackage } from '../backup/backup-format.ts';
import { BlobError, type BlobStore } from '../blob/blob-store.ts';
import { insertAuditEntry } from '../database/audit.ts';
import type { Database } from '../database/database.ts';
import type { PackageRow } from '../database/schema.ts';
import { parseLogin } from '../domain/identifiers.ts';
import { keyOf, packagesOf } from './back-up-packages.ts';
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
      deps.source === undefined ? await lookAt(deps.blobs, row) : await fetch(deps.source, deps.blobs, row);
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

type Verdict = LostPackage['Verdict'] | 'sound';

async function lookAt(blobs: Pick<BlobStore, 'findSize'>, row: PackageRow): Promise<Verdict> {
  const sizeBytes = await blobs.findSize(keyOf(row));
  if (sizeBytes === undefined) return 'missing';
  return sizeBytes === row.size_bytes ? 'sound' : 'wrong size';
}

async function fetch(
  source: Pick<BlobStore, 'findSize' | 'read'>,
  blobs: BlobStore,
  row: PackageRow,
): Promise<Verdict> {
  const seen = await lookAt(source, row);
  if (seen !== 'sound') return seen;
  const key = keyOf(row);
  const hash = createHash('sha256');
  const writer = await blobs.create(key);
  try {
    for await (const chunk of readable(await source.read(key, { start: 0, end: row.size_bytes - 1 }))) {
      const written = writer.write(chunk);
      hash.update(chunk);
      await written;
    }
    if (hash.digest('hex') !== row.sha256) return 'wrong SHA-256';
    await writer.commit();
    return 'sound';
  } catch (error) {
    if (error instanceof SourceUnreadable) return 'unreadable';
    if (error instanceof BlobError && error.kind === 'missing') return 'missing';
    // A key is used once, so this is the same file: the store outlived the server, or an earlier restore brought it.
    if (error instanceof BlobError && error.kind === 'exists') return lookAt(blobs, row);
    throw error;
  } finally {
    await writer.abort();
  }
}

class SourceUnreadable extends Error {}

/** Tells what cannot be read from what cannot be written. */
async function* readable(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const iterator = chunks[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = await iterator.next().catch((cause: unknown) => {
        throw new SourceUnreadable('It cannot be read.', { cause });
      });
      if (next.done === true) return;
      yield next.value;
    }
  } finally {
    await iterator.return?.();
  }
}
