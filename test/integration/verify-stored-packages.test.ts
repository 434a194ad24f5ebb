import assert from 'node:assert/strict';
import { appendFile, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { BlobStore } from '../../src/blob/blob-store.ts';
import { openDiskBlobStore } from '../../src/blob/disk-blob-store.ts';
import type { Database } from '../../src/database/database.ts';
import { openPostgresDatabase } from '../../src/database/postgres/postgres-database.ts';
import { openSqliteDatabase } from '../../src/database/sqlite/sqlite-database.ts';
import { openBlobStore } from '../../src/main/open-blob-store.ts';
import { verifyStoredPackages } from '../../src/main/verify-stored-packages.ts';
import { addApp, addPackage } from '../support/database.ts';
import { migratedDatabase } from '../support/postgres.ts';
import { openSharedBlobs } from '../support/shared-blobs.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const signal = new AbortController().signal;

/** Packages with their files, named alike, and one that has none yet. */
async function addPackages(database: Database, blobs: BlobStore, names: readonly string[]): Promise<void> {
  const app = await addApp(database, 'calc');
  for (const name of names) {
    const blob = await blobs.create(`${name}.1.a`);
    await blob.write(Buffer.from(name));
    const { sizeBytes, sha256 } = await blob.commit();
    const file = { status: 'Succeeded', blob_key: `${name}.1.a`, size_bytes: sizeBytes, sha256 } as const;
    await addPackage(database, app, { name, ...file });
  }
  await addPackage(database, app, { name: 'waiting' });
}

test('verifying names each package whose file is missing, has another size, or other bytes', async (t) => {
  const folder = await temporaryFolder(t);
  const database = await openSqliteDatabase(join(folder, 'slipway.db'));
  const blobs = await openDiskBlobStore(join(folder, 'packages'));
  await addPackages(database, blobs, ['sound', 'missing', 'longer', 'changed']);
  await database.close();
  const pathOf = (name: string) => join(folder, 'packages', name.slice(0, 2), `${name}.1.a`);
  await rm(pathOf('missing'));
  await appendFile(pathOf('longer'), '!');
  await writeFile(pathOf('changed'), 'CHANGED');

  const [summary, ...damaged] = await verifyStoredPackages({ dataFolder: folder }, signal);
  assert.deepEqual([summary?.state, summary?.found], ['missing', '1 of 4 are sound']);
  assert.deepEqual(
    damaged.map(({ found }) => found.replace(/ \(.*\)/, '')),
    ['missing: missing', 'longer: wrong size', 'changed: wrong SHA-256'],
  );
});

test('verifying a folder that is none yet makes nothing in it', async (t) => {
  const folder = await temporaryFolder(t);
  assert.equal((await verifyStoredPackages({ dataFolder: folder }, signal))[0]?.state, 'note');
  assert.deepEqual(await readdir(folder), []);
});

test('the packages of a shared database are verified where they are', async (t) => {
  const databaseUrl = await migratedDatabase();
  const { settings: s3 } = await openSharedBlobs();
  const dataFolder = await temporaryFolder(t);
  const database = await openPostgresDatabase({ url: databaseUrl, applicationName: 'test' });
  t.after(() => database.close());
  const blobs = await openBlobStore({ dataFolder, s3 });
  await addPackages(database, blobs, ['sound', 'missing']);
  await blobs.delete('missing.1.a');
  const [summary, damaged] = await verifyStoredPackages({ dataFolder, databaseUrl, s3 }, signal);
  assert.deepEqual([summary?.state, summary?.found], ['missing', '1 of 2 are sound']);
  assert.match(damaged?.found ?? '', /^missing \(.*\): missing$/);
});
