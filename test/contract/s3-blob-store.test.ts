import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { promisify } from 'node:util';
import { ListMultipartUploadsCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { interceptLocalhostDns } from 'fauxqs';
import { openS3BlobStore } from '../../src/blob/s3-blob-store.ts';
import { expectWhole, killAfter } from '../support/kill-blob-writer.ts';
import { atEndpoint, openOwnS3, openTestS3, type TestS3 } from '../support/s3/s3-server.ts';
import { until } from '../support/until.ts';
import { testBlobStore } from './blob-store.ts';

const DAY_MS = 24 * 60 * 60 * 1000;

function open({ address, connection, pathStyle }: TestS3, clock = Date.now) {
  return openS3BlobStore({ address, connection, pathStyle, clock });
}

testBlobStore('S3 blob store', async (context, clock) => open(await openTestS3(context), clock));
testBlobStore('S3 blob store, its bucket named in the host', async (context, clock) =>
  open(await openVirtualHosted(context), clock),
);

/** As AWS has it, and as it is where `SLIPWAY_S3_PATH_STYLE` is not set. */
async function openVirtualHosted(test: Pick<TestContext, 'after'>): Promise<TestS3> {
  test.after(interceptLocalhostDns());
  const s3 = await openOwnS3(test);
  return { ...atEndpoint(s3, s3.endpoint.replace('127.0.0.1', 'localhost')), pathStyle: false };
}

function openClient(t: TestContext, { connection }: TestS3): S3Client {
  const client = new S3Client({ ...connection, forcePathStyle: true });
  t.after(() => client.destroy());
  return client;
}

async function countUploads(client: S3Client, { address }: TestS3): Promise<number> {
  const command = new ListMultipartUploadsCommand({ Bucket: address.bucket, Prefix: address.prefix });
  return (await client.send(command)).Uploads?.length ?? 0;
}

const program = join(import.meta.dirname, '../support/s3/write-to-s3.ts');

for (const blobs of [1, 10]) {
  test(`S3 blob store: a process killed after ${blobs} blobs leaves those, whole, and no half of another`, async (t) => {
    const s3 = await openTestS3(t);
    const told = await killAfter(blobs, [program, 'commit'], s3.variables);
    const store = await open(s3, () => Date.now() + 25 * 60 * 60 * 1000);
    await store.sweep();
    assert.equal(await countUploads(openClient(t, s3), s3), 0);
    await expectWhole(store, told);
  });
}

test('S3 blob store: memory does not grow with the size of a blob', async (t) => {
  const s3 = await openTestS3(t);
  const env = { ...process.env, ...s3.variables };
  const mostBytes = async (sizeBytes: number) => {
    const written = await promisify(execFile)(process.execPath, [program, 'large', String(sizeBytes)], { env });
    await (await open(s3)).delete('large');
    return Number(written.stdout);
  };
  const grown = (await mostBytes(320_000_000)) - (await mostBytes(80_000_000));
  assert.ok(grown < 60_000_000, `four times the bytes took ${grown} bytes more`);
});

test('S3 blob store: what others are writing is not swept before it is a day old', async (t) => {
  const s3 = await openTestS3(t);
  const store = await open(s3);
  const client = openClient(t, s3);
  const writer = await store.create('under-way');
  await writer.write(Buffer.alloc(9_000_000, 'x'));
  await until('its upload has begun', async () => (await countUploads(client, s3)) === 1);
  const later = await open(s3, () => Date.now() + DAY_MS - 60_000);
  assert.equal(await later.sweep(), 0);
  assert.equal((await writer.commit()).sizeBytes, 9_000_000);
});

test('S3 blob store: what was given up is not there any more, no part of it', async (t) => {
  const s3 = await openTestS3(t);
  const store = await open(s3);
  const writer = await store.create('given-up');
  await writer.write(Buffer.alloc(30_000_000));
  await writer.abort();
  assert.equal(await countUploads(openClient(t, s3), s3), 0);
  await assert.rejects(writer.commit(), /given up/);
});

test('S3 blob store: what others keep beside its blobs or below them is neither listed nor swept', async (t) => {
  const s3 = await openTestS3(t);
  const client = openClient(t, s3);
  const { bucket: Bucket, prefix } = s3.address;
  for (const Key of [`${prefix}README`, `${prefix}below/blob`, `${prefix.slice(0, -1)}-beside/blob`]) {
    await client.send(new PutObjectCommand({ Bucket, Key, Body: 'x' }));
  }
  const below = { ...s3, address: { bucket: Bucket, prefix: `${prefix}below/` } };
  const writer = await (await open(below)).create('another');
  await writer.write(Buffer.alloc(9_000_000));
  await until('its upload has begun', async () => (await countUploads(client, below)) === 1);
  const store = await open(s3, () => Date.now() + 2 * DAY_MS);
  assert.deepEqual(await Array.fromAsync(store.list()), []);
  assert.equal(await store.sweep(), 0);
  await writer.abort();
});

test('S3 blob store, its bucket named in the host: so it is in a link', async (t) => {
  const s3 = await openVirtualHosted(t);
  const store = await open(s3);
  const writer = await store.create('linked');
  await writer.write(Buffer.from('0123456789'));
  await writer.commit();
  const link = (await store.link?.('linked', { expiresInSeconds: 60, contentDisposition: 'attachment' })) ?? '';
  const { hostname, pathname } = new URL(link);
  assert.deepEqual([hostname, pathname], [`${s3.address.bucket}.localhost`, `/${s3.address.prefix}linked`]);
  assert.equal(await (await fetch(link)).text(), '0123456789');
});

test('S3 blob store: a link gives the blob under its name to anybody, until it expires', async (t) => {
  const store = await open(await openTestS3(t));
  const writer = await store.create('linked');
  await writer.write(Buffer.from('0123456789'));
  await writer.commit();
  const contentDisposition = `attachment; filename="_.mda"; filename*=UTF-8''%C3%A4.mda`;
  const link = (expiresInSeconds: number) => store.link?.('linked', { expiresInSeconds, contentDisposition }) ?? '';
  const answer = await fetch(await link(60));
  assert.equal(answer.status, 200);
  assert.equal(answer.headers.get('content-disposition'), contentDisposition);
  assert.equal(answer.headers.get('content-type'), 'application/octet-stream');
  assert.equal(await answer.text(), '0123456789');
  const part = await fetch(await link(60), { headers: { range: 'bytes=3-5' } });
  assert.deepEqual([part.status, await part.text()], [206, '345']);
  assert.equal((await fetch((await link(60)).replace('linked', 'other'))).status, 403);
  const short = await link(1);
  await until('it has expired', async () => (await fetch(short)).status === 403);
});
