import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { DATABASE, KEY_FILES } from '../backup/backup-format.ts';
import { listSealed } from '../database/app-secrets.ts';
import type { Database } from '../database/database.ts';
import { copyDatabase } from '../database/sqlite/copy-database.ts';
import { openSqliteDatabase } from '../database/sqlite/sqlite-database.ts';
import { ifThere } from '../files/file-errors.ts';
import { keyIdOf } from '../secrets/secret-box.ts';
import { parseSecretKey, secretKeyId } from '../secrets/secret-key.ts';

export interface CopyWithKeys {
  readonly copy: Database;
  /** Of the copy. */
  readonly file: string;
  readonly keys: readonly KeyFile[];
  /** Ids of keys that something in the copy is encrypted with, and that are not in `keys`. */
  readonly keysNeeded: readonly string[];
}

export interface KeyFile {
  readonly name: string;
  readonly bytes: Buffer;
}

/**
 * Copies the database and the keys that open what is sealed in it. A rotation of the key in between is seen by its
 * outcome: both are copied once more then.
 */
export async function copyWithKeys(dataFolder: string, scratch: string, signal: AbortSignal): Promise<CopyWithKeys> {
  const file = join(scratch, DATABASE);
  for (;;) {
    signal.throwIfAborted();
    const keys = await readKeys(dataFolder);
    copyDatabase(join(dataFolder, DATABASE), file);
    const copy = await openSqliteDatabase(file);
    const keysNeeded = await listKeysNeeded(copy, keys);
    if (keysNeeded.length === 0 || isSame(keys, await readKeys(dataFolder))) return { copy, file, keys, keysNeeded };
    await copy.close();
    await rm(file);
  }
}

async function listKeysNeeded(copy: Database, keys: readonly KeyFile[]): Promise<string[]> {
  const known = keys.map(({ bytes }) => parseSecretKey(bytes.toString('utf8')));
  const ids = new Set(known.filter((key) => key !== undefined).map(secretKeyId));
  const named = (await listSealed(copy.read)).map(({ sealed }) => keyIdOf(sealed));
  return [...new Set(named)].filter((id) => id !== undefined && !ids.has(id)).map(String);
}

async function readKeys(dataFolder: string): Promise<KeyFile[]> {
  const files = KEY_FILES.map(async (name) => ({ name, bytes: await ifThere(readFile(join(dataFolder, name))) }));
  return (await Promise.all(files)).flatMap(({ name, bytes }) => (bytes === undefined ? [] : [{ name, bytes }]));
}

function isSame(some: readonly KeyFile[], others: readonly KeyFile[]): boolean {
  const textOf = (keys: readonly KeyFile[]) =>
    JSON.stringify(keys.map(({ name, bytes }) => [name, bytes.toString('hex')]));
  return textOf(some) === textOf(others);
}
