import assert from 'node:assert/strict';
import { hash, randomBytes } from 'node:crypto';
import { type TestContext, test } from 'node:test';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { BlobError, type BlobErrorKind, type BlobStore } from '../../src/blob/blob-store.ts';
import { openS3BlobStore } from '../../src/blob/s3-blob-store.ts';
import type { S3Options } from '../../src/blob/s3-bucket.ts';
import { copyAll } from '../contract/blob-store.ts';
import { findFreePort } from '../support/find-free-port.ts';
import { type FaultyS3, startFaultyS3 } from '../support/s3/s3-faults.ts';
import { atEndpoint, openTestS3, type TestS3 } from '../support/s3/s3-server.ts';
import { until } from '../support/until.ts';

const KEY = '4ee10492-6cfc-4582-b825-a9040c0988ad.1.abc';
const PUT = /^PUT [^?]*abc/;
const PART = /^PUT .*partNumber=/;
const COMPLETE = /^POST .*uploadId=/;
const GET = /^GET [^?]*abc/;

interface World {
  readonly store: BlobStore;
  readonly faults: FaultyS3;
  readonly s3: TestS3;
}

/** A store behind something that can go wrong, which is waited for less long than a real one. */
async function openWorld(t: TestContext, options: Partial<S3Options> = {}): Promise<World> {
  const direct = await openTestS3(t);
  const faults = await startFaultyS3(t, direct.endpoint);
  const s3 = atEndpoint(direct, faults.endpoint);
  return { store: await open(s3, options), faults, s3 };
}

function open({ address, connection }: TestS3, options: Partial<S3Options> = {}): Promise<BlobStore> {
  const patience = { attempts: 3, connectMs: 2000, silenceMs: 1000, answerMs: 1000, outageMs: 0 };
  const given = { ...options, patience: { ...patience, ...options.patience } };
  return openS3BlobStore({ address, connection, pathStyle: true, clock: Date.now, ...given });
}

async function write(store: BlobStore, bytes: Uint8Array) {
  const writer = await store.create(KEY);
  await writer.write(bytes);
  return writer.commit();
}

async function expectStored(store: BlobStore, bytes: Buffer): Promise<void> {
  assert.ok((await copyAll(await store.read(KEY, { start: 0, end: bytes.length - 1 }))).equals(bytes));
}

const isBlobError = (kind: BlobErrorKind, message: RegExp) => (error: unknown) => {
  assert.ok(error instanceof BlobError, String(error));
  assert.equal(error.kind, kind);
  assert.match(error.message, message);
  return true;
};

const rangesOf = ({ seen }: FaultyS3) =>
  seen.filter(({ line }) => GET.test(line)).map(({ headers }) => [headers.range, headers['if-match'] !== undefined]);

test('a store that answers 503 for a moment is asked again, whatever it was asked', async (t) => {
  const { store, faults } = await openWorld(t);
  const bytes = randomBytes(20_000_000);
  for (const on of [/^HEAD /, PART, /^POST .*uploads/, COMPLETE, GET, /^GET .*list-type/, /^DELETE /]) {
    faults.add({ on, times: 1, effect: { kind: 'status', status: 503 } });
  }
  assert.deepEqual(await write(store, bytes), { sizeBytes: bytes.length, sha256: hash('sha256', bytes) });
  await expectStored(store, bytes);
  assert.deepEqual(await Array.fromAsync(store.list()), [KEY]);
  assert.equal(await store.delete(KEY), true);
});

test('what a store answers at once is asked again long before a connection is taken for broken', async (t) => {
  const { store, faults } = await openWorld(t, { patience: { silenceMs: 60_000, answerMs: 500 } });
  for (const on of [/^HEAD /, /^GET [^?]*abc/, /^GET .*list-type/, /^DELETE /, /^POST .*uploads/]) {
    faults.add({ on, times: 1, effect: { kind: 'silence' } });
  }
  const bytes = randomBytes(9_000_000);
  const began = performance.now();
  await write(store, bytes);
  await expectStored(store, bytes);
  assert.deepEqual(await Array.fromAsync(store.list()), [KEY]);
  assert.equal(await store.delete(KEY), true);
  assert.ok(performance.now() - began < 30_000);
});

test('a store may take longer for an object than for what it answers at once', async (t) => {
  const { store, faults } = await openWorld(t, { patience: { attempts: 1, answerMs: 500, silenceMs: 20_000 } });
  faults.add({ on: PUT, times: 1, effect: { kind: 'slowness', ms: 1500 } });
  await write(store, Buffer.from('small'));
  assert.equal(faults.seen.filter(({ line }) => PUT.test(line)).length, 1);
});

for (const [what, on, sizeBytes] of [
  ['an object', PUT, 1000],
  ['a part', PART, 9_000_000],
  ['the making of an object of its parts', COMPLETE, 9_000_000],
  ['everything', /abc/, 9_000_000],
] as const) {
  test(`a store that is away for ${what}, for longer than a request is tried, costs nothing`, async (t) => {
    const { store, faults } = await openWorld(t, { patience: { attempts: 2, outageMs: 60_000 } });
    faults.add({ on, times: 5, effect: { kind: 'status', status: 503 } });
    const bytes = randomBytes(sizeBytes);
    await write(store, bytes);
    await expectStored(store, bytes);
  });
}

test('a store that refuses is not asked for longer, and nobody waits for one that is away once a blob is given up', async (t) => {
  const { store, faults } = await openWorld(t, { patience: { attempts: 2, outageMs: 60_000 } });
  const began = performance.now();
  faults.add({ on: PUT, times: 1, effect: { kind: 'status', status: 403 } });
  await assert.rejects(write(store, Buffer.from('small')), isBlobError('unavailable', /answered|may not do this/));
  faults.add({ on: PUT, times: 1000, effect: { kind: 'status', status: 503 } });
  const writer = await store.create(KEY);
  await writer.write(Buffer.from('small'));
  const committing = assert.rejects(writer.commit());
  await until('it was tried', () => faults.seen.filter(({ line }) => PUT.test(line)).length >= 3);
  await writer.abort();
  await committing;
  assert.ok(performance.now() - began < 30_000);
});

test('a store that goes on answering 503 is said to do so, and nothing is visible', async (t) => {
  const { store, faults, s3 } = await openWorld(t);
  faults.add({ on: PUT, times: 1000, effect: { kind: 'status', status: 503 } });
  const message = new RegExp(
    `^s3://${s3.address.bucket}/\\S+ at ${faults.endpoint} answered 503 \\(SlowDown\\).*try again later`,
  );
  for (const sizeBytes of [1000, 50_000_000]) {
    await assert.rejects(write(store, Buffer.alloc(sizeBytes)), isBlobError('unavailable', message));
  }
  assert.deepEqual(await Array.fromAsync(store.list()), []);
});

for (const [what, on, sizeBytes] of [
  ['an object', PUT, 1000],
  ['a part', PART, 20_000_000],
  ['the making of an object of its parts', COMPLETE, 20_000_000],
] as const) {
  test(`a store that is silent about ${what} is asked again`, async (t) => {
    const { store, faults } = await openWorld(t);
    const bytes = randomBytes(sizeBytes);
    faults.add({ on, times: 1, effect: { kind: 'silence' } });
    await write(store, bytes);
    await expectStored(store, bytes);
  });

  test(`a connection that breaks while ${what} is sent is made again`, async (t) => {
    const { store, faults } = await openWorld(t);
    const bytes = randomBytes(sizeBytes);
    faults.add({ on, times: 2, effect: { kind: 'cut-request', afterBytes: 100 } });
    await write(store, bytes);
    await expectStored(store, bytes);
  });

  test(`the answer to ${what} may be lost: the work is done, and known to be the writer's own`, async (t) => {
    const { store, faults } = await openWorld(t);
    const bytes = randomBytes(sizeBytes);
    faults.add({ on, times: 1, effect: { kind: 'cut-answer', afterBytes: 0 } });
    assert.equal((await write(store, bytes)).sha256, hash('sha256', bytes));
    await expectStored(store, bytes);
  });
}

test('every answer to the making of an object may be lost', async (t) => {
  const { store, faults } = await openWorld(t);
  faults.add({ on: COMPLETE, times: 3, effect: { kind: 'cut-answer', afterBytes: 0 } });
  const bytes = randomBytes(20_000_000);
  await write(store, bytes);
  await expectStored(store, bytes);
});

test('the object of another writer is not taken for the own one whose answer was lost', async (t) => {
  const { store, faults } = await openWorld(t);
  const [first, second] = [await store.create(KEY), await store.create(KEY)];
  await first.write(Buffer.from('first'));
  await second.write(Buffer.from('second'));
  faults.add({ on: PUT, times: 1, effect: { kind: 'cut-answer', afterBytes: 0 } });
  await first.commit();
  await assert.rejects(second.commit(), isBlobError('exists', /already/));
});

test('a store that does not know conditions is asked without, and a key is replaced by nobody', async (t) => {
  const { store, faults } = await openWorld(t);
  faults.add({ on: PUT, times: 1, effect: { kind: 'status', status: 501 } });
  await write(store, Buffer.from('first'));
  await assert.rejects(write(store, Buffer.from('second')), isBlobError('exists', /already/));
  const conditions = faults.seen.filter(({ line }) => PUT.test(line)).map(({ headers }) => headers['if-none-match']);
  assert.deepEqual(conditions, ['*', undefined]);
});

test('a reader goes on at the byte where the connection broke, and only with the same object', async (t) => {
  const { store, faults } = await openWorld(t);
  const bytes = randomBytes(5_000_000);
  await write(store, bytes);
  for (const afterBytes of [1_000_000, 1, 2_500_000]) {
    faults.add({ on: GET, times: 1, effect: { kind: 'cut-answer', afterBytes } });
  }
  assert.ok((await copyAll(await store.read(KEY, { start: 7, end: 4_999_990 }))).equals(bytes.subarray(7, 4_999_991)));
  assert.deepEqual(rangesOf(faults), [
    ['bytes=7-4999990', false],
    ['bytes=1000007-4999990', true],
    ['bytes=1000008-4999990', true],
    ['bytes=3500008-4999990', true],
  ]);
});

test('a reader waits no longer for a store that has fallen silent', async (t) => {
  const { store, faults } = await openWorld(t);
  const bytes = randomBytes(5_000_000);
  await write(store, bytes);
  faults.add({ on: GET, times: 1, effect: { kind: 'stall-answer', afterBytes: 2_000_000 } });
  await expectStored(store, bytes);
});

test('a reader may take its time: a connection that was given up meanwhile is made again', async (t) => {
  const { store, faults } = await openWorld(t, { patience: { attempts: 8, silenceMs: 500, outageMs: 20_000 } });
  const bytes = randomBytes(20_000_000);
  await write(store, bytes);
  const isOver = () => faults.seen.findLast(({ line }) => GET.test(line))?.isOver === true;
  let position = 0;
  for await (const chunk of await store.read(KEY, { start: 0, end: bytes.length - 1 })) {
    if (position === 0) await until('the store or the client has given it up', isOver);
    assert.ok(bytes.subarray(position, position + chunk.length).equals(chunk));
    position += chunk.length;
  }
  assert.equal(position, bytes.length);
  assert.ok(rangesOf(faults).length > 1);
});

test('a reader never mixes two objects', async (t) => {
  const { store, faults, s3 } = await openWorld(t);
  await write(store, Buffer.alloc(5_000_000, 'a'));
  faults.add({ on: GET, times: 1, effect: { kind: 'cut-answer', afterBytes: 1_000_000 } });
  const reading = await store.read(KEY, { start: 0, end: 4_999_999 });
  const client = new S3Client({ ...s3.connection, forcePathStyle: true });
  t.after(() => client.destroy());
  const { bucket: Bucket, prefix } = s3.address;
  await client.send(new PutObjectCommand({ Bucket, Key: prefix + KEY, Body: Buffer.alloc(5_000_000, 'b') }));
  await assert.rejects(copyAll(reading), isBlobError('missing', /is another one now/));
});

test('a reader whose connections only ever break says so', async (t) => {
  const { store, faults } = await openWorld(t);
  await write(store, Buffer.alloc(5_000_000));
  faults.add({ on: GET, times: 1, effect: { kind: 'cut-answer', afterBytes: 1_000_000 } });
  faults.add({ on: GET, times: 1000, effect: { kind: 'status', status: 500 } });
  const reading = await store.read(KEY, { start: 0, end: 4_999_999 });
  await assert.rejects(copyAll(reading), isBlobError('unavailable', /answered 500/));
});

test('objects are encrypted as the operator says', async (t) => {
  const encryption = { algorithm: 'aws:kms', keyId: 'alias/packages' } as const;
  const { store, faults } = await openWorld(t, { encryption });
  await write(store, Buffer.from('small'));
  await store.delete(KEY);
  await write(store, Buffer.alloc(9_000_000));
  const making = faults.seen.filter(({ line }) => (PUT.test(line) && !PART.test(line)) || /^POST .*uploads/.test(line));
  assert.ok(making.length >= 3);
  for (const { headers } of making) {
    assert.equal(headers['x-amz-server-side-encryption'], 'aws:kms');
    assert.equal(headers['x-amz-server-side-encryption-aws-kms-key-id'], 'alias/packages');
  }
});

test('bytes are sent with their SHA-256 and CRC-32, never as aws-chunked', async (t) => {
  const { store, faults } = await openWorld(t);
  await write(store, Buffer.from('small'));
  await store.delete(KEY);
  await write(store, randomBytes(9_000_000));
  const sent = faults.seen.filter(({ line }) => PUT.test(line));
  assert.equal(sent.length, 3);
  assert.equal(sent[0]?.headers['x-amz-content-sha256'], hash('sha256', 'small'));
  for (const { headers } of sent) {
    assert.match(String(headers['x-amz-content-sha256']), /^[0-9a-f]{64}$/);
    assert.ok(headers['x-amz-checksum-crc32'] !== undefined);
    assert.equal(headers['content-encoding'], undefined);
  }
});

test('a store that cannot be used is not opened, and the message says what to do', async (t) => {
  const s3 = await openTestS3(t);
  const region = 'us-east-1';
  const nobody = { accessKeyId: 'nobody', secretAccessKey: 'wrong' };
  const wrong = { accessKeyId: 'slipway', secretAccessKey: 'wrong' };
  const unused = `http://127.0.0.1:${await findFreePort()}`;
  const refused = async (connection: Partial<TestS3['connection']>, message: RegExp, bucket = s3.address.bucket) => {
    const address = { ...s3.address, bucket };
    const opening = open(s3, { address, connection: { ...s3.connection, ...connection } });
    await assert.rejects(opening, isBlobError('unavailable', message));
  };
  await refused(
    {},
    /^There is no bucket for s3:\/\/not-there\/.*make it, or name another one with --blobs/,
    'not-there',
  );
  await refused({ credentials: nobody }, /may not do this in s3:.* \(InvalidAccessKeyId\): check AWS_ACCESS_KEY_ID/);
  await refused({ credentials: wrong }, /\(SignatureDoesNotMatch\): check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY/);
  await refused({ endpoint: unused, region }, /cannot be reached \(ECONNREFUSED\): check AWS_ENDPOINT_URL_S3/);
});

test('what is no S3 store, or one that cannot encrypt, is not opened either', async (t) => {
  const direct = await openTestS3(t);
  const faults = await startFaultyS3(t, direct.endpoint);
  const s3 = atEndpoint(direct, faults.endpoint);
  const message = (status: number) => new RegExp(`answered ${status} .*check AWS_ENDPOINT_URL_S3 .* SLIPWAY_S3`);
  for (const [on, status] of [
    [/^GET /, 404],
    [/^POST /, 501],
  ] as const) {
    faults.add({ on, times: 1, effect: { kind: 'status', status } });
    await assert.rejects(open(s3), isBlobError('unavailable', message(status)));
  }
});
