import type { Queries } from '../database/database.ts';
import { type VerifiedPackage, verifyPackages } from '../operations/verify-packages.ts';
import type { Configuration } from './configuration.ts';
import type { Finding } from './finding.ts';
import { openBlobReader } from './open-blob-store.ts';
import { openReader } from './open-reader.ts';

type StoredSettings = Pick<Configuration, 'dataFolder' | 'databaseUrl' | 's3'>;

/** For `slipway doctor --verify`: compares every stored package with what the database says of it. */
export async function verifyStoredPackages(settings: StoredSettings, signal: AbortSignal): Promise<Finding[]> {
  const name = 'packages';
  const queries = await openReader(settings);
  if (queries === undefined) return [{ name, state: 'note', found: 'none: there is no database yet' }];
  const damaged: Finding[] = [];
  let count = 0;
  for await (const verified of verifyAll(settings, queries, signal)) {
    count += 1;
    if (verified.verdict !== 'sound') damaged.push(describeDamage(verified));
  }
  const found = `${count - damaged.length} of ${count} are sound`;
  return [{ name, state: damaged.length === 0 ? 'ok' : 'missing', found }, ...damaged];
}

async function* verifyAll(
  settings: StoredSettings,
  queries: Queries,
  signal: AbortSignal,
): AsyncGenerator<VerifiedPackage> {
  try {
    const blobs = await openBlobReader(settings);
    yield* verifyPackages({ queries, blobs }, signal);
  } finally {
    await queries.destroy();
  }
}

function describeDamage({ name, packageId, verdict }: VerifiedPackage): Finding {
  const advice = 'Restore the file from a backup, or delete the package and build it again.';
  return { name: 'package', state: 'missing', found: `${name} (${packageId}): ${verdict}`, advice };
}
