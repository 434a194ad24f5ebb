import {
  AbortMultipartUploadCommand,
  ListMultipartUploadsCommand,
  type ListMultipartUploadsCommandOutput,
  type MultipartUpload,
} from '@aws-sdk/client-s3';
import { isKey } from './check-key.ts';
import type { S3Bucket } from './s3-bucket.ts';
import { isNotFound } from './s3-errors.ts';

/** Other servers write to the same bucket: an upload that is younger may be theirs. */
const UNFINISHED_LIFE_MS = 24 * 60 * 60 * 1000;

/**
 * Throws away uploads that were begun more than a day ago and never finished.
 *
 * @param now in milliseconds since 1970
 * @returns how many there were
 */
export async function sweepUploads(bucket: S3Bucket, now: number): Promise<number> {
  const { client, address, prompt } = bucket;
  let count = 0;
  for await (const { Key = '', UploadId, Initiated } of listUploads(bucket)) {
    if (!isKey(Key.slice(address.prefix.length))) continue;
    if (Initiated === undefined || Initiated.getTime() > now - UNFINISHED_LIFE_MS) continue;
    try {
      await client.send(new AbortMultipartUploadCommand({ Bucket: address.bucket, Key, UploadId }), prompt);
      count += 1;
    } catch (error) {
      // Another server has swept it.
      if (!isNotFound(error)) throw error;
    }
  }
  return count;
}

async function* listUploads({ client, address, prompt }: S3Bucket): AsyncGenerator<MultipartUpload> {
  let page: Partial<ListMultipartUploadsCommandOutput> | undefined;
  do {
    page = await client.send(
      new ListMultipartUploadsCommand({
        Bucket: address.bucket,
        Prefix: address.prefix,
        KeyMarker: page?.NextKeyMarker,
        UploadIdMarker: page?.NextUploadIdMarker,
      }),
      prompt,
    );
    yield* page.Uploads ?? [];
  } while (page.IsTruncated === true);
}
