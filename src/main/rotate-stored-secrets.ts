import type { Database } from '../database/database.ts';
import { type Rotated, rotateSecrets } from '../operations/rotate-secrets.ts';
import { openSecretBox, type SecretBox } from '../secrets/secret-box.ts';
import { formatSecretKey } from '../secrets/secret-key.ts';
import type { Configuration } from './configuration.ts';
import { moveSecretFile, writeSecretFile } from './secret-file.ts';
import { findStoredKey, keyFiles, makeKey, openStoredSecrets } from './stored-secrets.ts';
import { withDatabase } from './with-database.ts';

export interface RotatedSecrets {
  readonly KeyId: string;
  readonly Encrypted: number;
  readonly Removed: number;
}

export interface StoredRotation {
  /** undefined for one that is made. */
  readonly newKey: Buffer | undefined;
  readonly dropUnreadable: boolean;
  readonly clock: () => number;
}

/**
 * Encrypts everything in a data folder, or in a shared database, with a new key. Between any two steps both keys are on disk, or with whoever gave
 * them, and what the database holds says which of them counts: `openStoredSecrets` goes on from there.
 *
 * @throws DataFolderInUse, CommandFailure while a server runs; CommandFailure where the former key is not there
 */
export async function rotateStoredSecrets(
  configuration: Configuration,
  rotation: StoredRotation,
): Promise<RotatedSecrets> {
  return await withDatabase(configuration, { besideServers: false }, (database) =>
    rotate(configuration, database, rotation),
  );
}

async function rotate(
  { dataFolder, secretKey }: Configuration,
  database: Database,
  { newKey, dropUnreadable, clock }: StoredRotation,
): Promise<RotatedSecrets> {
  const { current, next } = keyFiles(dataFolder);
  const from = await openFormer({ dataFolder, secretKey }, database, dropUnreadable);
  const reseal = async (to: SecretBox) =>
    present(to, await rotateSecrets({ database, clock }, { from, to, dropUnreadable }));
  // A key that was given to us is kept by whoever gave it.
  if (secretKey !== undefined && newKey !== undefined) return await reseal(openSecretBox(newKey));
  if (newKey !== undefined) await writeSecretFile(next, `${formatSecretKey(newKey)}\n`);
  const rotated = await reseal(openSecretBox(newKey ?? (await makeKey(next))));
  await moveSecretFile(next, current);
  return rotated;
}

async function openFormer(
  place: Pick<Configuration, 'dataFolder' | 'secretKey'>,
  database: Database,
  mayBeLost: boolean,
): Promise<SecretBox | undefined> {
  try {
    return await openStoredSecrets(place, database);
  } catch (error) {
    if (!mayBeLost) throw error;
    return await findStoredKey(place);
  }
}

function present({ keyId }: SecretBox, { resealed, dropped }: Rotated): RotatedSecrets {
  return { KeyId: keyId, Encrypted: resealed, Removed: dropped };
}
