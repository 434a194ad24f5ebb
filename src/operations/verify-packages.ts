import { createHash } from 'node:crypto';
import { BlobError, type BlobStore } from '../blob/blob-store.ts';
import type { Queries } from '../database/database.ts';
import { listStoredPackages } from '../database/packages.ts';
import type { PackageRow } from '../database/schema.ts';

export interface VerifyPackagesDeps {
  readonly queries: Queries;
  readonly blobs: Pick<BlobStore, 'findSize' | 'read'>;
}

/** What was found of one package's file. */
export interface VerifiedPackage {
  readonly packageId: string;
  readonly name: string;
  readonly sizeBytes: number;
  readonly verdict: 'sound' | 'missing' | 'wrong size' | 'wrong SHA-256';
}

/**
 * Reads the file of every Succeeded package, oldest first, and compares it with its row. Changes nothing; may run beside
 * a server. A package that is deleted meanwhile is passed over.
 */
export async function* verifyPackages(
  { queries, blobs }: VerifyPackagesDeps,
  signal: AbortSignal,
): AsyncGenerator<VerifiedPackage> {
  let after = 0;
  for (;;) {
    const page = await listStoredPackages(queries, { after, limit: 100 });
    for (const row of page) {
      signal.throwIfAborted();
      after = row.sequence;
      const verdict = await verify(blobs, row);
      if (verdict !== 'sound' && (await isGone(queries, row))) continue;
      yield { packageId: row.id, name: row.name, sizeBytes: row.size_bytes, verdict };
    }
    if (page.length === 0) return;
  }
}

async function verify(blobs: VerifyPackagesDeps['blobs'], row: PackageRow): Promise<VerifiedPackage['verdict']> {
  const key = row.blob_key ?? '';
  const sizeBytes = await blobs.findSize(key);
  if (sizeBytes === undefined) return 'missing';
  if (sizeBytes !== row.size_bytes) return 'wrong size';
  try {
    const hash = createHash('sha256');
    for await (const chunk of await blobs.read(key, { start: 0, end: sizeBytes - 1 })) hash.update(chunk);
    return hash.digest('hex') === row.sha256 ? 'sound' : 'wrong SHA-256';
  } catch (error) {
    if (error instanceof BlobError && error.kind === 'missing') return 'missing';
    throw error;
  }
}

async function isGone(queries: Queries, row: PackageRow): Promise<boolean> {
  const [found] = await listStoredPackages(queries, { after: row.sequence - 1, limit: 1 });
  return found?.id !== row.id;
}
