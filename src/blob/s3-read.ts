import { GetObjectCommand } from '@aws-sdk/client-s3';
import { BlobError } from './blob-store.ts';
import type { S3Bucket } from './s3-bucket.ts';
import { isNotFound, isOtherObject } from './s3-errors.ts';

/** How often in a row a connection may break before any byte has come. */
const MOST_BREAKS = 5;

/**
 * Reads a part of an object. A connection that breaks is made again at the byte where it broke, and only for the same
 * object.
 *
 * @param range inclusive, and not empty
 * @throws BlobError `missing`, `unavailable`
 */
export async function readObject(
  bucket: S3Bucket,
  key: string,
  { start, end }: { readonly start: number; readonly end: number },
): Promise<AsyncIterable<Uint8Array>> {
  const opened = await open(bucket, key, { start, end });
  return resume(bucket, key, opened, { start, end });
}

interface OpenedRange {
  readonly chunks: AsyncIterable<Uint8Array>;
  readonly etag: string | undefined;
}

async function* resume(
  bucket: S3Bucket,
  key: string,
  opened: OpenedRange,
  { start, end }: { readonly start: number; readonly end: number },
): AsyncGenerator<Uint8Array> {
  let position = start;
  let { chunks } = opened;
  for (let breaks = 0; ; breaks += 1) {
    let failure: unknown;
    try {
      for await (const chunk of chunks) {
        position += chunk.byteLength;
        breaks = 0;
        yield chunk;
      }
    } catch (error) {
      failure = error;
    }
    if (position > end) return;
    if (breaks === MOST_BREAKS) {
      const message = `The connection that the blob '${key}' came by broke ${breaks} times in a row: see to the S3 store and the network, or try again later.`;
      throw new BlobError('unavailable', message, { cause: failure });
    }
    ({ chunks } = await open(bucket, key, { start: position, end }, opened.etag));
  }
}

async function open(
  { client, object, prompt }: S3Bucket,
  key: string,
  { start, end }: { readonly start: number; readonly end: number },
  etag?: string,
): Promise<OpenedRange> {
  const command = new GetObjectCommand({ ...object(key), Range: `bytes=${start}-${end}`, IfMatch: etag });
  const { Body, ContentLength, ETag } = await client.send(command, prompt).catch((error) => {
    if (isNotFound(error)) throw new BlobError('missing', `There is no blob '${key}'.`, { cause: error });
    if (isOtherObject(error)) throw new BlobError('missing', `The blob '${key}' is another one now.`, { cause: error });
    throw error;
  });
  if (Body === undefined || !isReadable(Body)) throw new Error(`The S3 store sent nothing for the blob '${key}'.`);
  if (ContentLength !== end - start + 1) {
    Body.destroy();
    throw new Error(`The S3 store has ${ContentLength} bytes from ${start} to ${end} of the blob '${key}'.`);
  }
  return { chunks: Body, etag: ETag };
}

/** In Node.js it always is one: the SDK's type speaks of browsers as well. */
function isReadable(body: object): body is AsyncIterable<Uint8Array> & { destroy(): void } {
  return Symbol.asyncIterator in body && 'destroy' in body;
}
