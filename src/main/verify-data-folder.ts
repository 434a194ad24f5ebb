import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { openDiskBlobStore } from '../blob/disk-blob-store.ts';
import { openSqliteReader } from '../database/sqlite/sqlite-database.ts';
import { type VerifiedPackage, verifyPackages } from '../operations/verify-packages.ts';
import type { Finding } from './finding.ts';

/** For `slipway doctor --verify`: compares every stored package with what the database says of it. */
export async function verifyDataFolder(dataFolder: string, signal: AbortSignal): Promise<Finding[]> {
  const name = 'packages';
  const file = join(dataFolder, 'slipway.db');
  const isThere = await access(file).then(
    () => true,
    () => false,
  );
  if (!isThere) return [{ name, state: 'note', found: `none: ${file} is not there yet` }];
  const damaged: Finding[] = [];
  let count = 0;
  for await (const verified of verifyFolder(dataFolder, file, signal)) {
    count += 1;
    if (verified.verdict !== 'sound') damaged.push(describeDamage(verified));
  }
  const found = `${count - damaged.length} of ${count} are sound`;
  return [{ name, state: damaged.length === 0 ? 'ok' : 'missing', found }, ...damaged];
}

async function* verifyFolder(dataFolder: string, file: string, signal: AbortSignal): AsyncGenerator<VerifiedPackage> {
  const queries = openSqliteReader(file);
  try {
    const blobs = await openDiskBlobStore(join(dataFolder, 'packages'));
    yield* verifyPackages({ queries, blobs }, signal);
  } finally {
    await queries.destroy();
  }
}

function describeDamage({ name, packageId, verdict }: VerifiedPackage): Finding {
  const advice = 'Restore the file from a backup, or delete the package and build it again.';
  return { name: 'package', state: 'missing', found: `${name} (${packageId}): ${verdict}`, advice };
}
