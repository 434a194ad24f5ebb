import { randomBytes } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { CommandFailure } from '../cli/exit-codes.ts';
import { listSealed, type SealedText } from '../database/app-secrets.ts';
import type { Database, Queries } from '../database/database.ts';
import { getInstallation, updateInstallation } from '../database/installation.ts';
import { ifThere } from '../files/file-errors.ts';
import { keyIdOf, openSecretBox, type SecretBox } from '../secrets/secret-box.ts';
import { formatSecretKey, parseSecretKey, secretKeyId } from '../secrets/secret-key.ts';
import type { Configuration } from './configuration.ts';
import { moveSecretFile, writeSecretFile } from './secret-file.ts';

type Place = Pick<Configuration, 'dataFolder' | 'secretKey'>;

/** The key that everything is sealed with, and the one that a rotation has begun to seal with. */
export const keyFiles = (dataFolder: string) => ({
  current: join(dataFolder, 'secret.key'),
  next: join(dataFolder, 'secret.key.next'),
});

/**
 * Finds the key of a data folder: the one that was configured, or else the one in its file, which is made where nothing
 * is sealed yet. Nothing that is sealed is ever touched here.
 *
 * @throws CommandFailure where the key is missing, damaged, or another one than was sealed with
 */
export async function openStoredSecrets(place: Place, database: Database): Promise<SecretBox> {
  const keyIds = namedKeys(await listSealed(database.read));
  const box = openSecretBox(place.secretKey ?? (await readKeyFile(place.dataFolder, keyIds)));
  for (const keyId of keyIds) if (keyId !== box.keyId) throw wrongKey(place, keyId, box.keyId);
  return box;
}

/**
 * Sees to it that all servers and workers of a shared database have one key: the first says which. With another one, links
 * that one server signs would be refused by the next, and what one seals could not be opened by the others.
 *
 * @throws CommandFailure where the others have another one
 */
export async function agreeOnKey(database: Database, { keyId }: SecretBox): Promise<void> {
  const agreed = await database.transaction(async (queries) => {
    const { secret_key_id: theirs } = await getInstallation(queries);
    if (theirs === null) await updateInstallation(queries, { secret_key_id: keyId });
    return theirs ?? keyId;
  });
  if (agreed === keyId) return;
  const message = `The servers and workers of this database have the key ${agreed}, and SLIPWAY_SECRET_KEY is the key ${keyId}: give all of them the same. ${LOST}`;
  throw new CommandFailure('checkFailed', 'SECRET_KEY_WRONG', message);
}

/** The key of a data folder as it is, whether or not anything is sealed with it. @returns undefined for none */
export async function findStoredKey({ dataFolder, secretKey }: Place): Promise<SecretBox | undefined> {
  if (secretKey !== undefined) return openSecretBox(secretKey);
  const key = parseSecretKey((await ifThere(readFile(keyFiles(dataFolder).current, 'utf8'))) ?? '');
  return key && openSecretBox(key);
}

/**
 * The id of the key that everything in a data folder is sealed with, for whoever takes it elsewhere. Changes nothing.
 *
 * @returns undefined where nothing is sealed
 * @throws CommandFailure where that is not the key that is there: a rotation was cut off, or the key is missing
 */
export async function findSealingKey(place: Place, queries: Queries): Promise<string | undefined> {
  const keyIds = namedKeys(await listSealed(queries));
  const box = await findStoredKey(place);
  for (const keyId of keyIds) {
    if (box === undefined) throw missingKey(keyFiles(place.dataFolder).current);
    if (keyId !== box.keyId) throw wrongKey(place, keyId, box.keyId);
  }
  const [keyId] = keyIds;
  return keyId;
}

/** What is damaged names no key. It is nothing to whoever else keeps a secret here, and said where it is needed. */
function namedKeys(sealed: readonly SealedText[]): ReadonlySet<string> {
  return new Set(sealed.map((one) => keyIdOf(one.sealed)).filter((keyId) => keyId !== undefined));
}

async function readKeyFile(dataFolder: string, keyIds: ReadonlySet<string>): Promise<Buffer> {
  const { current } = keyFiles(dataFolder);
  await settleRotation(dataFolder, keyIds);
  const key = await readKey(current);
  if (key !== undefined) return key;
  if (keyIds.size > 0) throw missingKey(current);
  return await makeKey(current);
}

/** Ends a rotation that was interrupted: once anything is sealed with the next key, everything is. */
async function settleRotation(dataFolder: string, keyIds: ReadonlySet<string>): Promise<void> {
  const { current, next } = keyFiles(dataFolder);
  const key = await readKey(next);
  if (key === undefined) return;
  if (keyIds.has(secretKeyId(key))) await moveSecretFile(next, current);
  else await rm(next);
}

/** Makes a key and writes it, durably, before anything is sealed with it. */
export async function makeKey(file: string): Promise<Buffer> {
  const key = randomBytes(32);
  await writeSecretFile(file, `${formatSecretKey(key)}\n`);
  return key;
}

async function readKey(file: string): Promise<Buffer | undefined> {
  const text = await ifThere(readFile(file, 'utf8'));
  if (text === undefined) return undefined;
  const key = parseSecretKey(text);
  if (key !== undefined) return key;
  const message = `${file} does not hold a key of 64 hex digits: restore it from a copy of the data folder. ${LOST}`;
  throw new CommandFailure('checkFailed', 'SECRET_KEY_DAMAGED', message);
}

const LOST =
  "Where the key is lost for good, 'slipway secrets rotate --drop-unreadable' removes what was encrypted with it.";

function missingKey(file: string): CommandFailure {
  const message = `${file} is missing, and credentials or secrets of apps are encrypted with it: restore it from a copy of the data folder, or give the key in SLIPWAY_SECRET_KEY. ${LOST}`;
  return new CommandFailure('checkFailed', 'SECRET_KEY_MISSING', message);
}

function wrongKey({ dataFolder, secretKey }: Place, sealedWith: string, given: string): CommandFailure {
  const where = secretKey === undefined ? keyFiles(dataFolder).current : 'SLIPWAY_SECRET_KEY';
  const remedy =
    secretKey === undefined
      ? 'restore the file that belongs to this database, or give the key in SLIPWAY_SECRET_KEY'
      : 'give the key that was in use before, or leave SLIPWAY_SECRET_KEY away where that is the one in secret.key';
  const message = `The credentials and secrets of apps are encrypted with the key ${sealedWith}, and ${where} is the key ${given}: ${remedy}. ${LOST}`;
  return new CommandFailure('checkFailed', 'SECRET_KEY_WRONG', message);
}
