import assert from 'node:assert/strict';
import { appendFile, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { openDiskBlobStore } from '../../src/blob/disk-blob-store.ts';
import { openSqliteDatabase } from '../../src/database/sqlite/sqlite-database.ts';
import { verifyDataFolder } from '../../src/main/verify-data-folder.ts';
import { addApp, addPackage } from '../support/database.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const signal = new AbortController().signal;

test('verifying names each package whose file is missing, has another size, or other bytes', async (t) => {
  const folder = await temporaryFolder(t);
  const database = await openSqliteDatabase(join(folder, 'slipway.db'));
  const blobs = await openDiskBlobStore(join(folder, 'packages'));
  const app = await addApp(database, 'calc');
  for (const name of ['sound', 'missing', 'longer', 'changed']) {
    const blob = await blobs.create(`${name}.1.a`);
    await blob.write(Buffer.from(name));
    const { sizeBytes, sha256 } = await blob.commit();
    const file = { status: 'Succeeded', blob_key: `${name}.1.a`, size_bytes: sizeBytes, sha256 } as const;
    await addPackage(database, app, { name, ...file });
  }
  await addPackage(database, app, { name: 'waiting' });
  await database.close();
  const pathOf = (name: string) => join(folder, 'packages', name.slice(0, 2), `${name}.1.a`);
  await rm(pathOf('missing'));
  await appendFile(pathOf('longer'), '!');
  await writeFile(pathOf('changed'), 'CHANGED');

  const [summary, ...damaged] = await verifyDataFolder({ dataFolder: folder }, signal);
  assert.deepEqual([summary?.state, summary?.found], ['missing', '1 of 4 are sound']);
  assert.deepEqual(
    damaged.map(({ found }) => found.replace(/ \(.*\)/, '')),
    ['missing: missing', 'longer: wrong size', 'changed: wrong SHA-256'],
  );
});

test('verifying a folder that is none yet makes nothing in it', async (t) => {
  const folder = await temporaryFolder(t);
  assert.equal((await verifyDataFolder({ dataFolder: folder }, signal))[0]?.state, 'note');
  assert.deepEqual(await readdir(folder), []);
});
