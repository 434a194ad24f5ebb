import {
  AbortMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  paginateListObjectsV2,
} from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { BlobError, type BlobStore } from './blob-store.ts';
import { isKey } from './check-key.ts';
import { S3BlobWriter } from './s3-blob-writer.ts';
import { openS3Bucket, type S3Bucket, type S3Options } from './s3-bucket.ts';
import { isNotFound } from './s3-errors.ts';
import { readObject } from './s3-read.ts';
import { sweepUploads } from './s3-sweep.ts';

/**
 * Blobs as objects of a bucket, `<prefix><key>`. The store makes an object visible whole or not at all; the SDK tries again
 * what did not work.
 *
 * After `kill -9` at any moment a key has its whole blob or none, and at most an unfinished upload is left to be swept.
 *
 * @throws BlobError `unavailable` where the store cannot be reached, listed and written to
 */
export async function openS3BlobStore(options: S3Options): Promise<BlobStore> {
  const bucket = openS3Bucket(options);
  await tryOut(bucket);
  const { client, prompt } = bucket;
  const findSize = async (key: string) => {
    try {
      return (await client.send(new HeadObjectCommand(bucket.object(key)), prompt)).ContentLength;
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  };
  return {
    findSize,
    async create(key) {
      bucket.object(key);
      return new S3BlobWriter(bucket, key);
    },
    async read(key, { start, end }) {
      if (end >= start) return readObject(bucket, key, { start, end });
      if ((await findSize(key)) === undefined) throw new BlobError('missing', `There is no blob '${key}'.`);
      return readNothing();
    },
    async delete(key) {
      // The answer of a deletion does not tell. Of two that come at once both may say that there was one.
      const isThere = (await findSize(key)) !== undefined;
      if (isThere) await client.send(new DeleteObjectCommand(bucket.object(key)), prompt);
      return isThere;
    },
    list: () => listKeys(bucket),
    sweep: () => sweepUploads(bucket, options.clock()),
    link(key, { expiresInSeconds: expiresIn, contentDisposition }) {
      const answer = {
        ResponseContentDisposition: contentDisposition,
        ResponseContentType: 'application/octet-stream',
      };
      return getSignedUrl(client, new GetObjectCommand({ ...bucket.object(key), ...answer }), { expiresIn });
    },
  };
}

/** @throws BlobError `unavailable` where the store cannot be reached, listed and written to */
export async function checkS3Bucket(options: S3Options): Promise<void> {
  const bucket = openS3Bucket(options);
  try {
    await tryOut(bucket);
  } finally {
    bucket.client.destroy();
  }
}

/** Begins an upload and gives it up: an object would have to be deleted again. */
async function tryOut({ client, address, object, encryption, prompt }: S3Bucket): Promise<void> {
  await client.send(new ListObjectsV2Command({ Bucket: address.bucket, Prefix: address.prefix, MaxKeys: 1 }), prompt);
  const trial = object('start-check');
  const { UploadId } = await client.send(new CreateMultipartUploadCommand({ ...trial, ...encryption }), prompt);
  await client.send(new AbortMultipartUploadCommand({ ...trial, UploadId }), prompt);
}

async function* readNothing(): AsyncGenerator<Uint8Array> {}

async function* listKeys({ client, prompt, address: { bucket, prefix } }: S3Bucket): AsyncGenerator<string> {
  // With the delimiter, what others have in folders below is not gone through.
  const pages = paginateListObjectsV2({ client }, { Bucket: bucket, Prefix: prefix, Delimiter: '/' }, prompt);
  for await (const { Contents = [] } of pages) {
    for (const { Key = '' } of Contents) {
      const key = Key.slice(prefix.length);
      if (isKey(key)) yield key;
    }
  }
}
