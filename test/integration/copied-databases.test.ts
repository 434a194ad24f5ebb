import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { pino } from 'pino';
import type { BlobStore } from '../../src/blob/blob-store.ts';
import { openDiskBlobStore } from '../../src/blob/disk-blob-store.ts';
import type { Database } from '../../src/database/database.ts';
import { getInstallation, updateInstallation } from '../../src/database/installation.ts';
import { openPostgresDatabase } from '../../src/database/postgres/postgres-database.ts';
import { restoreBackup } from '../../src/main/restore-backup.ts';
import { startServer } from '../../src/main/server.ts';
import { withDatabase } from '../../src/main/with-database.ts';
import {
  type ClaimBlobStoreDeps,
  claimBlobStore,
  ForeignBlobStore,
  renewStoreMark,
  takeOverBlobStore,
} from '../../src/operations/claim-blob-store.ts';
import { backUp, restoreRequest } from '../support/backups.ts';
import { createDatabase } from '../support/create-database.ts';
import { testDatabase } from '../support/database.ts';
import { migratedDatabase } from '../support/postgres.ts';
import { runSlipway } from '../support/run-slipway.ts';
import { testConfiguration } from '../support/server.ts';
import { openSharedBlobs } from '../support/shared-blobs.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';
import { wholeFile } from '../support/whole-file.ts';

/** What a blob store can know of a copy of a database: a dump that was read elsewhere, or a copied file. */
async function copyOf(t: TestContext, original: Database): Promise<Database> {
  const copy = await testDatabase(t);
  const installation = await getInstallation(original.read);
  await copy.transaction((queries) => updateInstallation(queries, installation));
  return copy;
}

async function openOwned(t: TestContext) {
  const database = await testDatabase(t);
  const blobs = await openDiskBlobStore(await temporaryFolder(t));
  await renewStoreMark({ database, blobs });
  return { database, blobs };
}

test('a copy of a database does not get the store of the original, once that has gone on', async (t) => {
  const { database, blobs } = await openOwned(t);
  const copy = await copyOf(t, database);
  await renewStoreMark({ database, blobs });
  for (const act of [claimBlobStore, renewStoreMark]) {
    await assert.rejects(act({ database: copy, blobs }), ForeignBlobStore);
  }
  await claimBlobStore({ database, blobs });
});

test('a copy from before the store was first marked does not get it either', async (t) => {
  const database = await testDatabase(t);
  const blobs = await openDiskBlobStore(await temporaryFolder(t));
  await claimBlobStore({ database, blobs });
  const copy = await copyOf(t, database);
  await renewStoreMark({ database, blobs });
  await assert.rejects(claimBlobStore({ database: copy, blobs }), ForeignBlobStore);
});

/** A database and a store as a process has them that is killed before its nth access to either. */
function untilKilled(database: Database, blobs: BlobStore, steps: number): ClaimBlobStoreDeps {
  let left = steps;
  const live = () => {
    left -= 1;
    if (left < 0) throw new Error('killed');
  };
  return {
    database: {
      read: database.read,
      async transaction(work) {
        live();
        return await database.transaction(work);
      },
    },
    blobs: {
      ...blobs,
      async create(key) {
        live();
        const writer = await blobs.create(key);
        const commit = async () => {
          live();
          return await writer.commit();
        };
        return { write: (chunk) => writer.write(chunk), abort: () => writer.abort(), commit };
      },
      async delete(key) {
        live();
        return await blobs.delete(key);
      },
    },
  };
}

test('a process that is killed while it marks the store leaves it to its database, and to no copy', async (t) => {
  const { database, blobs } = await openOwned(t);
  const copy = await copyOf(t, database);
  let wasWhole = false;
  for (let steps = 0; !wasWhole; steps += 1) {
    wasWhole = await renewStoreMark(untilKilled(database, blobs, steps)).then(
      () => true,
      (error) => {
        assert.match(String(error), /killed/);
        return false;
      },
    );
    await claimBlobStore({ database, blobs });
  }
  await assert.rejects(claimBlobStore({ database: copy, blobs }), ForeignBlobStore);
  const keys = await Array.fromAsync(blobs.list());
  const { store_mark: mark } = await getInstallation(database.read);
  const marks = ['installation.mark-', 'installation.marked', 'installation.owner'];
  assert.deepEqual(keys.toSorted(), [`${marks[0]}${mark}`, ...marks.slice(1)].toSorted());
});

test('whoever starts while the store is being marked is let in', async (t) => {
  const { database, blobs } = await openOwned(t);
  let isOver = false;
  const starts = Array.from({ length: 4 }, async () => {
    while (!isOver) await claimBlobStore({ database, blobs });
  });
  for (let count = 0; count < 30; count += 1) await renewStoreMark({ database, blobs });
  isOver = true;
  await Promise.all(starts);
});

test('a store that is taken over is lost to the former database and its copies, and a crash takes nothing', async (t) => {
  const { database, blobs } = await openOwned(t);
  const copy = await copyOf(t, database);
  let wasWhole = false;
  for (let steps = 0; !wasWhole; steps += 1) {
    wasWhole = await takeOverBlobStore(untilKilled(copy, blobs, steps)).then(
      () => true,
      () => false,
    );
  }
  await claimBlobStore({ database: copy, blobs });
  await renewStoreMark({ database: copy, blobs });
  await assert.rejects(claimBlobStore({ database, blobs }), ForeignBlobStore);
});

test('a restored server is kept from the bucket of the one that lives on, until it is told to take it over', async (t) => {
  const folder = await temporaryFolder(t);
  const { settings: s3, variables } = await openSharedBlobs();
  const live = testConfiguration(join(folder, 'live'), { s3 });
  const restored = testConfiguration(join(folder, 'restored'), { s3 });
  const logger = pino({ level: 'silent' });
  const server = await startServer(live, logger);
  const file = join(folder, 'backup.tar');
  await backUp(live.dataFolder, file, { s3 });
  await restoreBackup(restoreRequest(file, restored.dataFolder, { s3 }));
  await assert.rejects(startServer(restored, logger), ForeignBlobStore);
  await server.stop();
  await assert.rejects(startServer(restored, logger), ForeignBlobStore);

  const taken = await runSlipway(t, folder, ['take-over', '--data', restored.dataFolder], variables);
  assert.equal(taken.code, 0, taken.stderr);
  assert.match(taken.stdout, /is the store of this database from now on. It was that of the installation /);
  await (await startServer(restored, logger)).stop();
  await assert.rejects(startServer(live, logger), ForeignBlobStore);
});

test('a copy of a PostgreSQL database is kept from the bucket of the original, which goes on', async (t) => {
  const folder = await temporaryFolder(t);
  const { settings: s3 } = await openSharedBlobs();
  const shared = { s3, secretKey: randomBytes(32), buildSlots: 0 };
  const databaseUrl = await migratedDatabase();
  const original = testConfiguration(join(folder, 'original'), { ...shared, databaseUrl });
  const logger = pino({ level: 'silent' });
  await (await startServer(original, logger)).stop();
  const server = new URL(databaseUrl);
  server.pathname = '/postgres';
  const copyUrl = await createDatabase(wholeFile, server.href, new URL(databaseUrl).pathname.slice(1));
  const running = await startServer(original, logger);
  t.after(() => running.stop());
  const markOf = async (url: string) => {
    const database = await openPostgresDatabase({ url, applicationName: 'test' });
    const { store_mark: mark, next_store_mark: next } = await getInstallation(database.read);
    await database.close();
    return next === null ? mark : undefined;
  };
  const known = await markOf(copyUrl);
  await until('the store bears a mark that the copy does not know', async () => {
    const mark = await markOf(databaseUrl);
    return mark !== undefined && mark !== known;
  });
  const copy = testConfiguration(join(folder, 'copy'), { ...shared, databaseUrl: copyUrl });
  await assert.rejects(startServer(copy, logger), ForeignBlobStore);
  await assert.rejects(
    withDatabase(original, { besideServers: false }, async () => {}),
    { code: 'SERVERS_RUNNING' },
  );
  // Whoever goes on after a command does not wait for what that held.
  for (const _ of [1, 2]) await withDatabase(copy, { besideServers: false }, async () => {});
  assert.equal((await fetch(`${running.url}/readyz`)).status, 200);
});
