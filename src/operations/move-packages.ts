import type { BlobStore } from '../blob/blob-store.ts';
import type { Queries } from '../database/database.ts';
import type { PackageRow } from '../database/schema.ts';
import { keyOf, packagesOf } from './back-up-packages.ts';
import { copyPackageFile, type FileVerdict, lookAtPackageFile } from './copy-package-file.ts';
import { severalAtOnce } from './several-at-once.ts';
import { verifyPackageFile } from './verify-packages.ts';

export interface MovePackagesDeps {
  readonly queries: Queries;
  readonly source: Pick<BlobStore, 'findSize' | 'read'>;
  readonly target: BlobStore;
  /** Whether every file is read back, instead of asking for its size. */
  readonly readsBack: boolean;
  /** Told after each package. */
  readonly onPackage: (done: MovedPackages) => void;
}

export interface MovedPackages {
  /** That have their file in the target. */
  readonly packages: number;
  readonly packageBytes: number;
  /** Of them, those whose file was copied now. */
  readonly copied: number;
  readonly lost: readonly LostFile[];
}

/** A package whose file is not what its row says. */
export interface LostFile {
  readonly row: PackageRow;
  readonly verdict: Exclude<FileVerdict, 'sound'>;
}

/** Small packages wait for answers most of the time. */
const AT_ONCE = 4;

/**
 * Sees that the file of every package is in another store: copies what is not there, and compares it with its SHA-256 on the
 * way. What is missing or damaged is passed over.
 */
export async function movePackages(deps: MovePackagesDeps, signal: AbortSignal): Promise<MovedPackages> {
  const done = { packages: 0, packageBytes: 0, copied: 0, lost: [] as LostFile[] };
  const move = async (row: PackageRow) => {
    const { verdict, isCopied } = await movePackage(deps, row);
    if (verdict === 'sound') {
      done.packages += 1;
      done.packageBytes += row.size_bytes;
      done.copied += Number(isCopied);
    } else {
      done.lost.push({ row, verdict });
    }
    deps.onPackage(done);
  };
  await severalAtOnce(packagesOf(deps.queries), AT_ONCE, move, signal);
  return { ...done, lost: done.lost.toSorted((a, b) => a.row.sequence - b.row.sequence) };
}

async function movePackage(
  { source, target, readsBack }: MovePackagesDeps,
  row: PackageRow,
): Promise<{ readonly verdict: FileVerdict; readonly isCopied: boolean }> {
  const look = readsBack ? verifyPackageFile : lookAtPackageFile;
  const seen = await look(target, row);
  if (seen === 'sound') return { verdict: seen, isCopied: false };
  if (seen !== 'missing') {
    // It cannot be written over, and is deleted only for something better.
    if ((await lookAtPackageFile(source, row)) !== 'sound') return { verdict: seen, isCopied: false };
    await target.delete(keyOf(row));
  }
  const verdict = await copyPackageFile(source, target, row);
  return { verdict: verdict === 'sound' && readsBack ? await look(target, row) : verdict, isCopied: true };
}
