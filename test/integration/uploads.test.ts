import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { BlobStore } from '../../src/blob/blob-store.ts';
import { openDiskBlobStore } from '../../src/blob/disk-blob-store.ts';
import { openFileBuildLog } from '../../src/build-log/file-build-log.ts';
import { findVisibleApp } from '../../src/database/apps.ts';
import { findAnyPackage } from '../../src/database/packages.ts';
import type { PackageRow } from '../../src/database/schema.ts';
import { countUploadCheck } from '../../src/database/uploads.ts';
import { blobKey } from '../../src/domain/blob-key.ts';
import { type PackageId, parseAppId, parseLogin } from '../../src/domain/identifiers.ts';
import { cancelBuild } from '../../src/operations/cancel-build.ts';
import { checkUploads, dropUnfinishedUploads } from '../../src/operations/check-uploads.ts';
import { receiveUpload } from '../../src/operations/receive-upload.ts';
import { sweepOrphans } from '../../src/operations/sweep-orphans.ts';
import { createRowQueue } from '../../src/queue/row-queue.ts';
import { NO_TRACING } from '../../src/tracing/no-tracing.ts';
import { openBuildApiWorld } from '../support/build-api-world.ts';
import { addApp, addPackage, testDatabase } from '../support/database.ts';
import { noise } from '../support/made-content.ts';
import { makeMendixPackage, makeZip, storeBlob } from '../support/make-zip.ts';
import { type Answer, startTestServer } from '../support/server.ts';
import { embeddedOnly, IS_SHARED } from '../support/shape.ts';
import { mountSmallDisk } from '../support/small-disk.ts';
import { inDatabaseOf, openBlobsOf } from '../support/stores.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';

const USER = { id: 'user-1', login: parseLogin('richard'), name: 'Richard', isAdmin: true };
const NEVER = new AbortController().signal;

async function openUploads(t: TestContext) {
  const database = await testDatabase(t);
  const folder = await temporaryFolder(t);
  const clock = Date.now;
  const deps = {
    database,
    blobs: await openDiskBlobStore(join(folder, 'blobs')),
    buildLog: await openFileBuildLog({
      folder: join(folder, 'logs'),
      clock,
      mostBytes: 10_000,
      onError: assert.ifError,
    }),
    mostContentBytes: 2 ** 30,
    clock,
    onError: assert.ifError,
  };
  const app = await addApp(database, 'calc');
  const zip = await makeMendixPackage({ ModelVersion: '1.2.3' });
  const upload = (bytes: Uint8Array = zip) =>
    receiveUpload(deps, {
      app,
      user: USER,
      read: async (write) => {
        await write(bytes);
        return { name: undefined, description: undefined };
      },
    });
  const show = async (id: PackageId): Promise<PackageRow> => {
    const row = await findAnyPackage(database.read, id);
    assert.ok(row !== undefined);
    return row;
  };
  return { ...deps, deps, app, zip, upload, show };
}

test('an upload that waits for its check is nobody’s build: no worker gets it, and it takes nobody’s turn', async (t) => {
  const { database, clock, app, deps, upload, show } = await openUploads(t);
  const id = await upload();
  const limits = { leaseMs: 1, buildsPerApp: 1, preferenceMs: 0, mostInterruptions: 0 };
  const queue = createRowQueue({ database, tracing: NO_TRACING, clock, ...limits });
  assert.equal(await queue.recover({ everyLease: true }), 0);
  assert.equal((await show(id)).status, 'Uploading');
  const build = await addPackage(database, app);
  assert.equal((await queue.claim('worker'))?.packageId, build);
  await checkUploads(deps, NEVER);
  const { status, version } = await show(id);
  assert.deepEqual([status, version], ['Succeeded', '1.2.3']);
});

test('a sweep leaves the file of an upload that waits for its check', async (t) => {
  const { deps, blobs, upload, zip, show } = await openUploads(t);
  const id = await upload();
  assert.equal(await sweepOrphans(deps, NEVER), 0);
  await checkUploads(deps, NEVER);
  assert.equal(await sweepOrphans(deps, NEVER), 0);
  assert.equal(await blobs.findSize((await show(id)).blob_key ?? ''), zip.length);
});

test('what was not received when the process ended is dropped by the next, with its file', async (t) => {
  const { database, deps, blobs, app, upload, show } = await openUploads(t);
  const whole = await upload();
  const fields = { status: 'Uploading', origin: 'upload', attempt: 1, started_at: 7 } as const;
  const cut = await addPackage(database, app, fields);
  const key = blobKey({ packageId: cut, attempt: 1, startedAt: 7 });
  const writer = await blobs.create(key);
  await writer.commit();
  await dropUnfinishedUploads(deps, 1);
  assert.notEqual(await findAnyPackage(database.read, cut), undefined, 'it may still be under way');
  await dropUnfinishedUploads(deps, 2);
  assert.equal(await findAnyPackage(database.read, cut), undefined);
  assert.equal(await blobs.findSize(key), undefined);
  assert.equal((await show(whole)).status, 'Uploading');
});

test('a server drops and checks what the one before has left, before anybody asks', async (t) => {
  const first = await openBuildApiWorld(t);
  const { dataFolder } = first.server;
  await first.server.stop();
  const blobs = await openBlobsOf(dataFolder);
  const zip = await makeMendixPackage({ ModelVersion: '4.5.6' });
  const whole = await inDatabaseOf(dataFolder, async (database) => {
    const app = await findVisibleApp(database.read, USER, parseAppId('calc') ?? assert.fail());
    const fields = { status: 'Uploading', origin: 'upload', attempt: 1, started_at: 7 } as const;
    await addPackage(database, app ?? assert.fail(), fields);
    const received = { ...fields, size_bytes: zip.length, sha256: hash('sha256', zip) };
    return await addPackage(database, app ?? assert.fail(), received);
  });
  await storeBlob(blobs, blobKey({ packageId: whole, attempt: 1, startedAt: 7 }), zip);

  const second = await startTestServer(t, { dataFolder });
  const packages = '/api/1/apps/calc/packages';
  const list = await until('the upload was checked', async () => {
    const { body } = await second.call('GET', packages, undefined, first.server.admin);
    const ids = body.map(({ PackageId }: Answer['body']) => PackageId);
    // Of several servers one sees to it, beside the calls.
    if (!IS_SHARED) assert.deepEqual(ids, [whole]);
    return ids.length === 1 && body[0].Status !== 'Uploading' && body;
  });
  assert.deepEqual([list[0].Status, list[0].Version], ['Succeeded', '4.5.6']);
});

test('a check that ends the process every time comes to an end', async (t) => {
  const { database, deps, blobs, upload, show } = await openUploads(t);
  const id = await upload();
  for (let check = 0; check < 5; check += 1) await database.transaction((queries) => countUploadCheck(queries, id));
  await checkUploads(deps, NEVER);
  const { status, failure_code, failure_reason } = await show(id);
  assert.deepEqual([status, failure_code], ['Failed', 'attempts-used-up']);
  assert.match(failure_reason ?? '', /5 times/);
  assert.deepEqual(await Array.fromAsync(blobs.list()), []);
});

test('a check that is cut off by the end of the server is made again', async (t) => {
  const { deps, upload, show } = await openUploads(t);
  const id = await upload(await makeZip({ 'zeros.bin': Buffer.alloc(20_000_000) }));
  const stopping = new AbortController();
  const checking = checkUploads(deps, stopping.signal);
  stopping.abort();
  await checking;
  const { status, interruptions } = await show(id);
  assert.deepEqual([status, interruptions], ['Uploading', 1]);
  await checkUploads(deps, NEVER);
  assert.equal((await show(id)).status, 'Succeeded');
});

test('an upload that is canceled while it is checked stays canceled, and its file goes', async (t) => {
  const { deps, blobs, app, upload, show } = await openUploads(t);
  const id = await upload();
  const reading = Promise.withResolvers<void>();
  const released = Promise.withResolvers<void>();
  const read: BlobStore['read'] = async (...args) => {
    reading.resolve();
    await released.promise;
    return await blobs.read(...args);
  };
  const checking = checkUploads({ ...deps, blobs: { ...blobs, read } }, NEVER);
  await reading.promise;
  await cancelBuild(deps, { app, user: USER, packageId: id });
  released.resolve();
  await checking;
  const { status, failure_code } = await show(id);
  assert.deepEqual([status, failure_code], ['Failed', 'canceled']);
  assert.deepEqual(await Array.fromAsync(blobs.list()), []);
});

test('an upload that a full disk cannot take is refused, and leaves the room it took', {
  skip: embeddedOnly('it has one disk'),
}, async (t) => {
  const disk = await mountSmallDisk(t, 32);
  if (disk === undefined) return;
  const world = await openBuildApiWorld(t, { dataFolder: disk.folder, cacheSizeBytes: 0 });
  const headers = { 'Mendix-Username': world.richard.username, 'Mendix-ApiKey': world.richard.apiKey };
  const send = async (bytes: Uint8Array) => {
    const url = `${world.server.url}/api/1/apps/calc/packages/upload`;
    const response = await fetch(url, { method: 'POST', headers, body: Buffer.from(bytes) });
    const body = (await response.json()) as Answer['body'];
    return { status: response.status, body };
  };
  await disk.fill(2_000_000);
  const { status, body } = await send(await makeZip({ 'large.bin': noise(3_000_000, 'a') }));
  assert.deepEqual([status, body.errorCode], [500, 'UPLOAD_COPY_FAILED']);
  assert.match(body.errorMessage, /no room/);
  assert.deepEqual((await world.call('GET', '/api/1/apps/calc/packages')).body, []);
  await disk.clear();
  assert.equal((await send(await makeMendixPackage({}))).status, 200);
});
