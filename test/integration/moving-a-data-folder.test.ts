import assert from 'node:assert/strict';
import { hash, randomUUID } from 'node:crypto';
import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { openDiskBlobStore } from '../../src/blob/disk-blob-store.ts';
import { openS3BlobStore } from '../../src/blob/s3-blob-store.ts';
import { CommandFailure } from '../../src/cli/exit-codes.ts';
import { insertAuditEntry, listAudit } from '../../src/database/audit.ts';
import { listStoredPackages } from '../../src/database/packages.ts';
import { openPostgresDatabase, type SharedDatabase } from '../../src/database/postgres/postgres-database.ts';
import { openSqliteDatabase } from '../../src/database/sqlite/sqlite-database.ts';
import { findUser, insertUser } from '../../src/database/users.ts';
import { blobKey } from '../../src/domain/blob-key.ts';
import type { Login, PackageId } from '../../src/domain/identifiers.ts';
import { type MoveRequest, moveDataFolder } from '../../src/main/move-data-folder.ts';
import type { MoveReport } from '../../src/main/move-report.ts';
import { refuseUnfinishedMove } from '../../src/main/unfinished-move.ts';
import { addApp, addFailedPackages, addPackage } from '../support/database.ts';
import { storeBlob } from '../support/make-zip.ts';
import { postgresDatabase } from '../support/postgres.ts';
import { openTestS3 } from '../support/s3/s3-server.ts';
import { inDatabaseOf } from '../support/stores.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const ADMIN = 'admin' as Login;
const TRACE_PARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

/** A data folder as a server leaves it, with some packages, and where it is to move. */
async function openMove(t: TestContext, packages = 3) {
  const dataFolder = await temporaryFolder(t);
  const database = await openSqliteDatabase(join(dataFolder, 'slipway.db'));
  const user = { id: dataFolder, login: ADMIN, name: 'Administrator', is_admin: 1, created_at: 1, disabled_at: null };
  await database.transaction((queries) => insertUser(queries, user));
  const app = await addApp(database, 'calc');
  const disk = await openDiskBlobStore(join(dataFolder, 'packages'));
  const keys: string[] = [];
  const ids: string[] = [];
  for (let at = 0; at < packages; at += 1) {
    const bytes = Buffer.from(`package ${at}`);
    const id = randomUUID() as string as PackageId;
    const blob_key = blobKey({ packageId: id, attempt: 1, startedAt: 1 });
    const made = {
      id,
      status: 'Succeeded',
      size_bytes: bytes.length,
      sha256: hash('sha256', bytes),
      blob_key,
      trace_parent: TRACE_PARENT,
    } as const;
    await addPackage(database, app, made);
    ids.push(id);
    await storeBlob(disk, blob_key, bytes);
    keys.push(blob_key);
  }
  await database.close();
  const s3 = await openTestS3(t);
  const settings = { address: s3.address, pathStyle: true };
  const request: MoveRequest = {
    dataFolder,
    databaseUrl: await postgresDatabase(),
    s3: settings,
    secretKey: undefined,
    readsBack: false,
    withoutLost: false,
    clock: Date.now,
    signal: new AbortController().signal,
    onProgress: () => undefined,
  };
  return {
    dataFolder,
    app,
    ids,
    keys,
    request,
    fileOf: async (key: string) => join(dataFolder, 'packages', key.slice(0, 2), key),
    blobs: await openS3BlobStore({ ...s3, ...settings, clock: Date.now }),
    move(fields: Partial<MoveRequest> = {}) {
      // As the SDK finds them for a command.
      Object.assign(process.env, s3.variables);
      return moveDataFolder({ ...request, ...fields });
    },
    inTarget: <T>(work: (target: SharedDatabase) => Promise<T>) => inTarget(request.databaseUrl, work),
  };
}

async function inTarget<T>(url: string, work: (target: SharedDatabase) => Promise<T>): Promise<T> {
  const target = await openPostgresDatabase({ url, applicationName: 'test' });
  try {
    return await work(target);
  } finally {
    await target.close();
  }
}

const refusal = (moving: Promise<MoveReport>): Promise<string> =>
  moving.then(
    () => 'It was moved.',
    (error) => (error instanceof CommandFailure ? `${error.code}: ${error.message}` : Promise.reject(error)),
  );

test('packages whose file is missing or damaged are named, and keep the move from its end until they are left out', async (t) => {
  const { move, fileOf, keys, ids, inTarget: look, dataFolder } = await openMove(t);
  await rm(await fileOf(keys[0] ?? ''));
  await writeFile(await fileOf(keys[1] ?? ''), 'PACKAGE 1');
  const report = await move();
  const lost = report.Lost.map(({ PackageId, Verdict }) => [PackageId, Verdict]);
  assert.deepEqual(lost, [
    [ids[0], 'missing'],
    [ids[1], 'wrong SHA-256'],
  ]);
  assert.deepEqual([report.IsFinished, report.Packages, report.CopiedNow.Packages], [false, 1, 1]);
  await look((target) => assert.rejects(refuseUnfinishedMove(target), /The move of .* is not finished: run/));
  const names = (await readdir(dataFolder)).filter((name) => !name.startsWith('slipway.db'));
  assert.deepEqual(names.toSorted(), ['lock', 'logs', 'packages']);

  await writeFile(await fileOf(keys[0] ?? ''), 'package 0');
  const second = await move({ withoutLost: true });
  assert.deepEqual(
    [second.State, second.IsFinished, second.Packages, second.CopiedNow.Packages, second.Lost.length],
    ['resumed', true, 2, 1, 1],
  );
  await look(async (target) => {
    await refuseUnfinishedMove(target);
    const moved = await listStoredPackages(target.read, { after: 0, limit: 10 });
    assert.deepEqual(
      moved.map(({ trace_parent }) => trace_parent),
      [TRACE_PARENT, TRACE_PARENT],
    );
    const actions = (await listAudit(target.read, { limit: 10 })).map(({ action }) => action);
    assert.deepEqual(actions, ['server.move', 'package.lost']);
  });
});

test('reading back finds a file in the store that is another one, and puts the right one there', async (t) => {
  const { move, keys, blobs } = await openMove(t);
  await storeBlob(blobs, keys[0] ?? '', Buffer.from('PACKAGE 0'));
  const { IsFinished, VerifiedBy, Packages } = await move({ readsBack: true });
  assert.deepEqual([IsFinished, VerifiedBy, Packages], [true, 'SHA-256', 3]);
  const bytes = await Array.fromAsync(await blobs.read(keys[0] ?? '', { start: 0, end: 8 }));
  assert.equal(Buffer.concat(bytes).toString(), 'package 0');
});

test('a folder that has changed since a move was cut off is moved as it is now', async (t) => {
  const { move, fileOf, keys, dataFolder, inTarget: look } = await openMove(t);
  await rm(await fileOf(keys[0] ?? ''));
  assert.equal((await move()).IsFinished, false);
  await inDatabaseOf(dataFolder, (database) =>
    database.transaction(async (queries) => {
      await queries.updateTable('users').set({ name: 'Nul\0 here' }).execute();
      const entry = { at: 2, login: 'admin', action: 'note', subject: '', detail: '' };
      await insertAuditEntry(queries, entry);
      await queries
        .deleteFrom('packages')
        .where('blob_key', '=', keys[0] ?? '')
        .execute();
    }),
  );
  const report = await move();
  assert.deepEqual(
    [report.State, report.IsFinished, report.Packages, report.CopiedNow.Packages],
    ['renewed', true, 2, 0],
  );
  await look(async (target) => assert.equal((await findUser(target.read, ADMIN))?.name, 'Nul\ufffd here'));
  await inDatabaseOf(dataFolder, (database) =>
    database.transaction((queries) => queries.updateTable('users').set({ name: 'Later' }).execute()),
  );
  assert.match(await refusal(move()), /^MOVED_ALREADY: .* and has changed since/);
});

test('numbers go on where they were, also behind rows that were deleted', async (t) => {
  const { move, dataFolder, inTarget: look } = await openMove(t);
  await inDatabaseOf(dataFolder, (database) =>
    database.transaction((queries) => queries.deleteFrom('packages').where('sequence', '=', 3).execute()),
  );
  assert.equal((await move()).IsFinished, true);
  await look(async (target) => {
    const app = await addApp(target, 'other');
    await addPackage(target, app);
    const row = await target.read
      .selectFrom('packages')
      .select('sequence')
      .orderBy('sequence', 'desc')
      .executeTakeFirst();
    assert.equal(row?.sequence, 4);
  });
});

test('what is somebody else’s is refused, and stays as it is', async (t) => {
  const { move, blobs, inTarget: look } = await openMove(t);
  const other = await openMove(t, 1);
  await rm(await other.fileOf(other.keys[0] ?? ''));
  assert.equal((await other.move()).IsFinished, false);
  assert.match(
    await refusal(move({ databaseUrl: other.request.databaseUrl })),
    /^ANOTHER_MOVE: .*the move of .* has begun/,
  );

  await storeBlob(blobs, 'somebody-elses', Buffer.from('a'));
  assert.match(await refusal(move()), /^STORE_NOT_EMPTY: .* holds 1 blobs/);
  await blobs.delete('somebody-elses');

  await look((target) =>
    target.transaction((queries) =>
      insertAuditEntry(queries, { at: 1, login: '', action: '', subject: '', detail: '' }),
    ),
  );
  assert.match(await refusal(move()), /^DATABASE_NOT_EMPTY: .*a server has started on it/);
  const databaseUrl = await postgresDatabase();
  const server = await openPostgresDatabase({ url: databaseUrl, applicationName: 'slipway on elsewhere' });
  t.after(() => server.close());
  assert.match(await refusal(move({ databaseUrl })), /^DATABASE_IN_USE: .*slipway on elsewhere.*: stop every server/);
});

test('a hundred thousand packages are moved in minutes', async (t) => {
  const { move, dataFolder } = await openMove(t, 0);
  await inDatabaseOf(dataFolder, async (database) => {
    const app = await addApp(database, 'large');
    await addFailedPackages(database, app, 100_000);
  });
  const began = performance.now();
  const report = await move();
  const seconds = (performance.now() - began) / 1000;
  t.diagnostic(`${report.CopiedNow.Rows} rows in ${seconds.toFixed(1)} s`);
  assert.equal(report.IsFinished, true);
  assert.ok(seconds < 240, `${seconds} s`);
});
