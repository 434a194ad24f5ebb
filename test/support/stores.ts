import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { BlobStore } from '../../src/blob/blob-store.ts';
import type { Database } from '../../src/database/database.ts';
import { openPostgresDatabase } from '../../src/database/postgres/postgres-database.ts';
import { openSqliteDatabase } from '../../src/database/sqlite/sqlite-database.ts';
import { parseLogKey } from '../../src/domain/log-key.ts';
import { openBlobStore } from '../../src/main/open-blob-store.ts';
import { findStoredKey } from '../../src/main/stored-secrets.ts';
import { isOwnerBlob } from '../../src/operations/owner-blobs.ts';
import type { SecretBox } from '../../src/secrets/secret-box.ts';
import { migratedDatabase } from './postgres.ts';
import { IS_SHARED } from './shape.ts';
import { openSharedBlobs, type SharedBlobs } from './shared-blobs.ts';

/** What the servers and workers of a test share. */
export interface SharedStores {
  readonly databaseUrl: string;
  readonly secretKey: Buffer;
  readonly blobs: SharedBlobs;
}

const stores = new Map<string, Promise<SharedStores>>();

/** Those of the server with this data folder: the same ones after it was started again. */
export function sharedStoresOf(dataFolder: string): Promise<SharedStores> {
  const opened = stores.get(dataFolder) ?? openStores();
  stores.set(dataFolder, opened);
  return opened;
}

async function openStores(): Promise<SharedStores> {
  const [databaseUrl, blobs] = await Promise.all([migratedDatabase(), openSharedBlobs()]);
  return { databaseUrl, blobs, secretKey: randomBytes(32) };
}

/** Opens the database of a server, whatever it is, to look into it or to write what no call would. */
export async function openDatabaseOf(
  test: { after(work: () => unknown): void },
  dataFolder: string,
): Promise<Database> {
  const database = await openDatabase(dataFolder);
  test.after(() => database.close());
  return database;
}

/** The same for a while. */
export async function inDatabaseOf<T>(dataFolder: string, work: (database: Database) => Promise<T>): Promise<T> {
  const database = await openDatabase(dataFolder);
  try {
    return await work(database);
  } finally {
    await database.close();
  }
}

/** Opens the blob store of a server, whatever it is, to look into it: only files of packages are listed. */
export async function openBlobsOf(dataFolder: string): Promise<BlobStore> {
  const s3 = IS_SHARED ? (await sharedStoresOf(dataFolder)).blobs.settings : undefined;
  const blobs = await openBlobStore({ dataFolder, s3 });
  return { ...blobs, list: () => listPackageFiles(blobs) };
}

async function* listPackageFiles(blobs: BlobStore): AsyncGenerator<string> {
  for await (const key of blobs.list()) if (!isOwnerBlob(key) && parseLogKey(key) === undefined) yield key;
}

/** What a server seals with. @returns undefined where it has no key yet */
export async function secretBoxOf(dataFolder: string): Promise<SecretBox | undefined> {
  return await findStoredKey(IS_SHARED ? { dataFolder, ...(await sharedStoresOf(dataFolder)) } : { dataFolder });
}

async function openDatabase(dataFolder: string): Promise<Database> {
  if (!IS_SHARED) return await openSqliteDatabase(join(dataFolder, 'slipway.db'));
  const { databaseUrl } = await sharedStoresOf(dataFolder);
  return await openPostgresDatabase({ url: databaseUrl, applicationName: 'test' });
}
