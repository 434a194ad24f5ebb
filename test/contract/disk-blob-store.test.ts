import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, readdir, readlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { openDiskBlobStore } from '../../src/blob/disk-blob-store.ts';
import { expectWhole, killAfter } from '../support/kill-blob-writer.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { copyAll, testBlobStore } from './blob-store.ts';

testBlobStore('disk blob store', async (context) => openDiskBlobStore(await temporaryFolder(context)));

const program = (name: string) => join(import.meta.dirname, '../support', name);

for (const blobs of [1, 10, 100]) {
  test(`disk blob store: a process killed after ${blobs} blobs leaves those, whole, and no half of another`, async (t) => {
    const folder = await temporaryFolder(t);
    const told = await killAfter(blobs, [program('commit-blobs.ts'), folder]);
    const store = await openDiskBlobStore(folder);
    assert.ok((await store.sweep()) <= 2);
    assert.deepEqual(await readdir(join(folder, 'tmp')), []);
    await expectWhole(store, told);
  });
}

test('disk blob store: a blob that finds no room is refused as such, and leaves nothing', async (t) => {
  const folder = await temporaryFolder(t);
  // The limit stands in for a full disk: the system's answer is EFBIG, treated like ENOSPC.
  const limited = ['-c', 'ulimit -f 200 && exec "$0" "$@"', process.execPath, program('fill-blob.ts'), folder];
  const { stdout } = await promisify(execFile)('/bin/sh', limited);
  assert.equal(stdout, "full: There is no room for the blob 'too-large': free some space on its disk.");
  assert.deepEqual(await readdir(join(folder, 'tmp')), []);
});

test('disk blob store: a reader that is given up in the middle closes its file', async (t) => {
  const folder = await temporaryFolder(t);
  const store = await openDiskBlobStore(folder);
  const writer = await store.create('given-up');
  await writer.write(Buffer.alloc(5_000_000));
  await writer.commit();
  const reading = await store.read('given-up', { start: 0, end: 4_999_999 });
  for await (const _ of reading) break;
  const unused = await store.read('given-up', { start: 0, end: -1 });
  assert.equal((await copyAll(unused)).length, 0);
  const files = (await readdir('/proc/self/fd')).map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => ''));
  assert.deepEqual(
    (await Promise.all(files)).filter((file) => file.startsWith(folder)),
    [],
  );
});

test('disk blob store: what others left in its folder is not listed', async (t) => {
  const folder = await temporaryFolder(t);
  const store = await openDiskBlobStore(folder);
  await mkdir(join(folder, 'lost+found'));
  await writeFile(join(folder, 'lost+found', 'found'), '');
  await writeFile(join(folder, 'README'), '');
  assert.deepEqual(await Array.fromAsync(store.list()), []);
});
