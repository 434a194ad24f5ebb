import assert from 'node:assert/strict';
import { hash, randomBytes } from 'node:crypto';
import { type TestContext, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { BlobError, type BlobStore } from '../../src/blob/blob-store.ts';
import { until } from '../support/until.ts';

/** Enough for several parts where a store sends blobs in such. */
const MANY_PARTS_BYTES = 27_000_000;
const KEY = '4ee10492-6cfc-4582-b825-a9040c0988ad.1.abc';

/** Everything that is read, in memory of its own. */
export async function copyAll(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  return Buffer.concat(await Array.fromAsync(chunks, (chunk) => Buffer.from(chunk)));
}

/** What every blob store promises. */
export function testBlobStore(
  name: string,
  open: (context: TestContext, clock: () => number) => Promise<BlobStore>,
): void {
  const write = async (store: BlobStore, key: string, ...chunks: Uint8Array[]) => {
    const writer = await store.create(key);
    for (const chunk of chunks) await writer.write(chunk);
    return writer.commit();
  };
  const readAll = async (store: BlobStore, key: string, start: number, end: number) =>
    copyAll(await store.read(key, { start, end }));
  const keys = async (store: BlobStore) => (await Array.fromAsync(store.list())).sort();
  const isBlobError = (kind: BlobError['kind']) => (error: unknown) =>
    error instanceof BlobError && error.kind === kind;

  test(`${name}: what was written comes back, with its size and SHA-256`, async (t) => {
    const store = await open(t, Date.now);
    const bytes = randomBytes(3_000_000);
    const written = await write(store, KEY, bytes.subarray(0, 1_000_001), bytes.subarray(1_000_001));
    assert.deepEqual(written, { sizeBytes: bytes.length, sha256: hash('sha256', bytes) });
    assert.equal(await store.findSize(KEY), bytes.length);
    assert.ok((await readAll(store, KEY, 0, bytes.length - 1)).equals(bytes));
    assert.deepEqual(await keys(store), [KEY]);
  });

  test(`${name}: a range is read with both its ends`, async (t) => {
    const store = await open(t, Date.now);
    await write(store, KEY, Buffer.from('0123456789'));
    assert.equal((await readAll(store, KEY, 3, 5)).toString(), '345');
    assert.equal((await readAll(store, KEY, 9, 9)).toString(), '9');
  });

  test(`${name}: a chunk keeps its bytes until the next one is asked for`, async (t) => {
    const store = await open(t, Date.now);
    const bytes = randomBytes(3_000_000);
    await write(store, KEY, bytes);
    let position = 0;
    for await (const chunk of await store.read(KEY, { start: 0, end: bytes.length - 1 })) {
      // Time for whoever reads ahead to do so.
      for (let turn = 0; turn < 50; turn += 1) await setImmediate();
      assert.ok(bytes.subarray(position, position + chunk.length).equals(chunk));
      position += chunk.length;
    }
    assert.equal(position, bytes.length);
  });

  test(`${name}: a blob may be empty`, async (t) => {
    const store = await open(t, Date.now);
    assert.equal((await write(store, KEY)).sizeBytes, 0);
    assert.equal(await store.findSize(KEY), 0);
    assert.equal((await readAll(store, KEY, 0, -1)).length, 0);
  });

  test(`${name}: a blob cannot be seen before it is committed`, async (t) => {
    const store = await open(t, Date.now);
    const writer = await store.create(KEY);
    await writer.write(Buffer.from('half'));
    assert.equal(await store.findSize(KEY), undefined);
    assert.deepEqual(await keys(store), []);
    await assert.rejects(store.read(KEY, { start: 0, end: 3 }), isBlobError('missing'));
    await writer.abort();
  });

  test(`${name}: a blob that was committed is replaced by nobody`, async (t) => {
    const store = await open(t, Date.now);
    const [first, second] = [await store.create(KEY), await store.create(KEY)];
    await first.write(Buffer.from('first'));
    await second.write(Buffer.from('second'));
    await first.commit();
    await assert.rejects(second.commit(), isBlobError('exists'));
    assert.equal((await readAll(store, KEY, 0, 4)).toString(), 'first');
  });

  test(`${name}: an aborted blob leaves nothing, and aborting after a commit changes nothing`, async (t) => {
    const store = await open(t, Date.now);
    const writer = await store.create(KEY);
    await writer.write(Buffer.from('gone'));
    await writer.abort();
    await writer.abort();
    assert.deepEqual(await keys(store), []);
    assert.equal(await store.sweep(), 0);
    const kept = await store.create(KEY);
    await kept.commit();
    await kept.abort();
    assert.equal(await store.findSize(KEY), 0);
  });

  test(`${name}: a blob may be aborted while it is written`, async (t) => {
    const store = await open(t, Date.now);
    const writer = await store.create(KEY);
    const writing = writer.write(randomBytes(8_000_000)).catch(() => undefined);
    await Promise.all([writer.abort(), writer.abort(), writing]);
    await assert.rejects(writer.commit());
    assert.deepEqual(await keys(store), []);
    assert.equal(await store.sweep(), 0);
  });

  test(`${name}: many blobs are written at once`, async (t) => {
    const store = await open(t, Date.now);
    const names = Array.from({ length: 40 }, (_, index) => `${index % 3}x.${index}`);
    await Promise.all(names.map((key) => write(store, key, Buffer.from(key))));
    assert.deepEqual(await keys(store), names.sort());
    for (const key of names) assert.equal((await readAll(store, key, 0, key.length - 1)).toString(), key);
  });

  test(`${name}: a deleted blob is gone for good; whoever is reading it may finish`, async (t) => {
    const store = await open(t, Date.now);
    const bytes = randomBytes(5_000_000);
    await write(store, KEY, bytes);
    const reading = await store.read(KEY, { start: 0, end: bytes.length - 1 });
    assert.equal(await store.delete(KEY), true);
    assert.equal(await store.delete(KEY), false);
    assert.equal(await store.findSize(KEY), undefined);
    assert.ok((await copyAll(reading)).equals(bytes));
  });

  test(`${name}: sweeping deletes what was never committed, and nothing else`, async (t) => {
    let now = Date.now();
    const store = await open(t, () => now);
    await write(store, KEY, Buffer.from('kept'));
    const abandoned = await store.create(`${KEY}2`);
    await abandoned.write(randomBytes(MANY_PARTS_BYTES));
    now += 25 * 60 * 60 * 1000;
    // What was written may still be on its way.
    await until('what was abandoned is swept', async () => (await store.sweep()) === 1);
    assert.deepEqual(await keys(store), [KEY]);
    await assert.rejects(abandoned.commit());
  });

  test(`${name}: a blob of many parts comes back, whole and by ranges that cross them`, async (t) => {
    const store = await open(t, Date.now);
    const bytes = randomBytes(MANY_PARTS_BYTES);
    const chunks = Array.from({ length: 37 }, (_, index) =>
      bytes.subarray((index * bytes.length) / 37, ((index + 1) * bytes.length) / 37),
    );
    assert.deepEqual(await write(store, KEY, ...chunks), { sizeBytes: bytes.length, sha256: hash('sha256', bytes) });
    assert.equal(await store.findSize(KEY), bytes.length);
    for (const [start, end] of [
      [0, bytes.length - 1],
      [8_388_600, 8_388_615],
      [1, 20_000_000],
      [bytes.length - 1, bytes.length - 1],
    ] as const) {
      assert.ok((await readAll(store, KEY, start, end)).equals(bytes.subarray(start, end + 1)));
    }
  });

  test(`${name}: a chunk may be changed once it was written`, async (t) => {
    const store = await open(t, Date.now);
    const writer = await store.create(KEY);
    const chunk = Buffer.alloc(1_000_000);
    for (let turn = 0; turn < 20; turn += 1) await writer.write(chunk.fill(turn));
    await writer.commit();
    const read = await readAll(store, KEY, 0, 19_999_999);
    for (let turn = 0; turn < 20; turn += 1) assert.equal(read[turn * 1_000_000 + 999_999], turn);
  });

  for (const [size, sizeBytes] of [
    ['small', 1000],
    ['large', MANY_PARTS_BYTES],
  ] as const) {
    test(`${name}: of several who write one ${size} blob at once exactly one commits`, async (t) => {
      const store = await open(t, Date.now);
      const contents = Array.from({ length: 4 }, () => randomBytes(sizeBytes));
      const results = await Promise.allSettled(contents.map((content) => write(store, KEY, content)));
      const winners = results.flatMap(({ status }, index) => (status === 'fulfilled' ? [index] : []));
      assert.equal(winners.length, 1);
      for (const result of results) if (result.status === 'rejected') assert.ok(isBlobError('exists')(result.reason));
      assert.ok((await readAll(store, KEY, 0, sizeBytes - 1)).equals(contents[winners[0] ?? 0] ?? Buffer.alloc(0)));
      assert.deepEqual(await keys(store), [KEY]);
    });
  }

  test(`${name}: a blob that is not there is missing, whatever is asked for of it`, async (t) => {
    const store = await open(t, Date.now);
    assert.equal(await store.findSize(KEY), undefined);
    assert.equal(await store.delete(KEY), false);
    await assert.rejects(store.read(KEY, { start: 0, end: 9 }), isBlobError('missing'));
    await assert.rejects(store.read(KEY, { start: 0, end: -1 }), isBlobError('missing'));
  });

  test(`${name}: more blobs are listed than a page holds`, async (t) => {
    const store = await open(t, Date.now);
    const names = Array.from({ length: 1010 }, (_, index) => `${index % 7}x.${index}`);
    for (let first = 0; first < names.length; first += 50) {
      await Promise.all(names.slice(first, first + 50).map((key) => write(store, key)));
    }
    assert.deepEqual(await keys(store), names.sort());
  });

  test(`${name}: a key that could lead elsewhere is refused`, async (t) => {
    const store = await open(t, Date.now);
    for (const key of ['', '..', '../x', 'a/b', 'A', `${'a'.repeat(101)}`])
      await assert.rejects(store.create(key), key);
  });
}
