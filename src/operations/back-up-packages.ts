import { open } from 'node:fs/promises';
import { type LostPackage, PACKAGE_LIST, packageMember } from '../backup/backup-format.ts';
import type { BackupWriter } from '../backup/backup-writer.ts';
import { BlobError, type BlobStore } from '../blob/blob-store.ts';
import type { Database, Queries } from '../database/database.ts';
import { deleteLostPackage } from '../database/lost-packages.ts';
import { findAnyPackage } from '../database/packages.ts';
import { listPackagesWithFile } from '../database/packages-with-file.ts';
import type { PackageRow } from '../database/schema.ts';
import { attemptKey, ownsBlob } from './owns-blob.ts';
import { recordLostPackage } from './record-lost-package.ts';

export interface BackUpPackagesDeps {
  /** The copy of the database that goes into the backup. */
  readonly copy: Database;
  /** The database that it was copied from, in which packages come and go. */
  readonly live: Queries;
  readonly blobs: Pick<BlobStore, 'findSize' | 'read'>;
  readonly writer: BackupWriter;
  readonly clock: () => number;
  /** Told after each package. */
  readonly onPackage: (done: BackedUpPackages) => void;
}

export interface BackedUpPackages {
  readonly packages: number;
  readonly packageBytes: number;
  readonly deletedMeanwhile: number;
  readonly lost: readonly LostPackage[];
}

type Outcome = { readonly kind: 'kept' } | { readonly kind: 'deleted' } | Bad;
type Bad = { readonly kind: 'bad'; readonly verdict: LostPackage['Verdict'] };

/**
 * Appends the file of every package in the copy of the database to a backup, or the list of them alone. What was deleted
 * since the copy was made is deleted in the copy, too. So is what is damaged, with an entry in its audit log: a server
 * that is restored from it says nothing of a package that it has not got.
 *
 * @param listFile made anew for the list; undefined for the files themselves, which are compared with their SHA-256
 */
export async function backUpPackages(
  deps: BackUpPackagesDeps,
  listFile: string | undefined,
  signal: AbortSignal,
): Promise<BackedUpPackages> {
  const list = listFile === undefined ? undefined : await open(listFile, 'wx+', 0o600);
  try {
    const done = { packages: 0, packageBytes: 0, deletedMeanwhile: 0, lost: [] as LostPackage[] };
    for await (const row of packagesOf(deps.copy.read)) {
      signal.throwIfAborted();
      const outcome = list === undefined ? await copyFile(deps, row) : await lookAtFile(deps, row);
      if (outcome.kind === 'kept') {
        done.packages += 1;
        done.packageBytes += row.size_bytes;
        await list?.appendFile(`${row.sha256}  ${packageMember(keyOf(row))}\n`);
      } else if (outcome.kind === 'deleted') {
        done.deletedMeanwhile += 1;
        await deps.copy.transaction((queries) => deleteLostPackage(queries, row.id, deps.clock()), 'relaxed');
      } else {
        done.lost.push(await recordLostPackage(deps.copy, row, outcome.verdict, deps.clock()));
      }
      deps.onPackage(done);
    }
    if (list !== undefined) {
      const { size } = await list.stat();
      await deps.writer.add(PACKAGE_LIST, size, list.createReadStream({ start: 0, autoClose: false }));
    }
    return done;
  } finally {
    await list?.close();
  }
}

/** Where the file of a package is that has one. */
export function keyOf(row: PackageRow): string {
  return row.blob_key ?? attemptKey(row) ?? '';
}

/** Every package that has a file, some at a time; rows may be deleted meanwhile. */
export async function* packagesOf(queries: Queries): AsyncGenerator<PackageRow> {
  for (let after = 0; ; ) {
    const page = await listPackagesWithFile(queries, { after, limit: 100 });
    yield* page;
    const last = page.at(-1);
    if (last === undefined) return;
    after = last.sequence;
  }
}

async function copyFile(deps: BackUpPackagesDeps, row: PackageRow): Promise<Outcome> {
  const seen = await lookAtFile(deps, row);
  if (seen.kind !== 'kept') return seen;
  const key = keyOf(row);
  try {
    const content = await deps.blobs.read(key, { start: 0, end: row.size_bytes - 1 });
    const added = await deps.writer.add(packageMember(key), row.size_bytes, content);
    if (added === undefined || added.failure !== undefined) return { kind: 'bad', verdict: 'unreadable' };
    return added.sha256 === row.sha256 ? { kind: 'kept' } : { kind: 'bad', verdict: 'wrong SHA-256' };
  } catch (error) {
    if (error instanceof BlobError && error.kind === 'missing') return await explainAbsence(deps, row);
    throw error;
  }
}

async function lookAtFile(deps: BackUpPackagesDeps, row: PackageRow): Promise<Outcome> {
  const sizeBytes = await deps.blobs.findSize(keyOf(row));
  if (sizeBytes === undefined) return await explainAbsence(deps, row);
  return sizeBytes === row.size_bytes ? { kind: 'kept' } : { kind: 'bad', verdict: 'wrong size' };
}

/** A package is deleted row first: where its row is still there, nobody has deleted its file. */
async function explainAbsence({ live }: BackUpPackagesDeps, row: PackageRow): Promise<Outcome> {
  const isWanted = ownsBlob(await findAnyPackage(live, row.id), keyOf(row));
  return isWanted ? { kind: 'bad', verdict: 'missing' } : { kind: 'deleted' };
}
