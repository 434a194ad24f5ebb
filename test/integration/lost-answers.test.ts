import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { openDiskBlobStore } from '../../src/blob/disk-blob-store.ts';
import type { Database } from '../../src/database/database.ts';
import { DatabaseUnavailable } from '../../src/database/database-unavailable.ts';
import { changeStatus, findAnyPackage } from '../../src/database/packages.ts';
import { blobKey } from '../../src/domain/blob-key.ts';
import { writeSuccess } from '../../src/worker/write-outcome.ts';
import { addApp, addPackage, testDatabase } from '../support/database.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const WRITTEN = { sizeBytes: 1, sha256: 'abc' };
const clock = () => 1000;

/** A build whose file is stored, and a database that loses the answers to some of its commits. */
async function setUp(t: TestContext) {
  const database = await testDatabase(t);
  const app = await addApp(database, 'calc');
  const packageId = await addPackage(database, app, { status: 'Uploading', attempt: 1, started_at: 1 });
  const claim = { packageId, attempt: 1, startedAt: 1 };
  const blobs = await openDiskBlobStore(await temporaryFolder(t));
  const writer = await blobs.create(blobKey(claim));
  await writer.write(Buffer.from('x'));
  await writer.commit();
  /** @param lost for each commit, how it goes: `after` it was written its answer is lost, or it fails `before` */
  const losing = (lost: ('before' | 'after')[]): Database => ({
    ...database,
    async transaction(work, durability) {
      const how = lost.shift();
      if (how === 'before') throw new DatabaseUnavailable(new Error('cut'));
      const result = await database.transaction(work, durability);
      if (how === 'after') throw new DatabaseUnavailable(new Error('cut'), { mayBeWritten: true });
      return result;
    },
  });
  const write = (lost: ('before' | 'after')[], signal: AbortSignal) =>
    writeSuccess({ database: losing(lost), blobs, clock }, claim, WRITTEN, signal);
  const hasFile = async () => (await blobs.findSize(blobKey(claim))) !== undefined;
  const find = () => findAnyPackage(database.read, packageId);
  return { database, claim, write, hasFile, find };
}

test('a package whose commit was not answered has Succeeded, with its file, and is written once', async (t) => {
  const { write, hasFile, find, database } = await setUp(t);
  await write(['before', 'after'], new AbortController().signal);
  assert.equal((await find())?.status, 'Succeeded');
  assert.equal(await hasFile(), true);
  assert.equal((await database.read.selectFrom('outbox').selectAll().execute()).length, 1);
});

test('where it is never known whether it was written, the file stays', async (t) => {
  const { write, hasFile } = await setUp(t);
  const stopping = new AbortController();
  const writing = write(['after', 'before', 'before'], stopping.signal);
  stopping.abort(new Error('the worker stops'));
  await assert.rejects(writing);
  assert.equal(await hasFile(), true);
});

test('the file goes when the build is somebody else’s', async (t) => {
  const { database, claim, write, hasFile } = await setUp(t);
  const guard = { packageId: claim.packageId, status: 'Uploading', attempt: 1 } as const;
  await database.transaction((queries) => changeStatus(queries, guard, 'Queued', {}));
  await assert.rejects(write([], new AbortController().signal), /no longer Uploading/);
  assert.equal(await hasFile(), false);
});
