import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { openSqliteReader } from '../database/sqlite/sqlite-database.ts';
import { type VerifiedPackage, verifyPackages } from '../operations/verify-packages.ts';
import type { Configuration } from './configuration.ts';
import type { Finding } from './finding.ts';
import { openBlobReader } from './open-blob-store.ts';

type StoredSettings = Pick<Configuration, 'dataFolder' | 's3'>;

/** For `slipway doctor --verify`: compares every stored package with what the database says of it. */
export async function verifyDataFolder(settings: StoredSettings, signal: AbortSignal): Promise<Finding[]> {
  const name = 'packages';
  const file = join(settings.dataFolder, 'slipway.db');
  const isThere = await access(file).then(
    () => true,
    () => false,
  );
  if (!isThere) return [{ name, state: 'note', found: `none: ${file} is not there yet` }];
  const damaged: Finding[] = [];
  let count = 0;
  for await (const verified of verifyFolder(settings, file, signal)) {
    count += 1;
    if (verified.verdict !== 'sound') damaged.push(describeDamage(verified));
  }
  const found = `${count - damaged.length} of ${count} are sound`;
  return [{ name, state: damaged.length === 0 ? 'ok' : 'missing', found }, ...damaged];
}

async function* verifyFolder(
  settings: StoredSettings,
  file: string,
  signal: AbortSignal,
): AsyncGenerator<VerifiedPackage> {
  const queries = openSqliteReader(file);
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
