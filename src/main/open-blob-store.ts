import { join } from 'node:path';
import type { BlobStore } from '../blob/blob-store.ts';
import { diskBlobReader, openDiskBlobStore } from '../blob/disk-blob-store.ts';
import type { S3Options } from '../blob/s3-bucket.ts';
import type { S3Settings } from '../blob/s3-settings.ts';
import { parseWholeNumber } from '../cli/quantities.ts';
import type { Configuration } from './configuration.ts';

type BlobSettings = Pick<Configuration, 'dataFolder' | 's3'>;

/**
 * Opens the store that the configuration names.
 *
 * @throws BlobError `unavailable` for an S3 store that cannot be used
 */
export async function openBlobStore({ dataFolder, s3 }: BlobSettings): Promise<BlobStore> {
  return s3 === undefined ? openDiskBlobStore(packagesFolder(dataFolder)) : openS3(s3);
}

/** The same for whoever only reads, and makes nothing in the data folder. */
export async function openBlobReader({ dataFolder, s3 }: BlobSettings): Promise<Pick<BlobStore, 'findSize' | 'read'>> {
  return s3 === undefined ? diskBlobReader(packagesFolder(dataFolder)) : openS3(s3);
}

function packagesFolder(dataFolder: string): string {
  return join(dataFolder, 'packages');
}

/** The SDK is loaded only now: without it a server starts sooner and is smaller. */
async function openS3(s3: S3Settings): Promise<BlobStore> {
  const { openS3BlobStore } = await import('../blob/s3-blob-store.ts');
  return openS3BlobStore(s3Options(s3));
}

/** What is not said here the SDK finds in its own variables and files. */
export function s3Options(s3: S3Settings): S3Options {
  const attempts = parseWholeNumber(process.env.AWS_MAX_ATTEMPTS ?? '', 1, 100);
  return { ...s3, ...(attempts !== undefined && { patience: { attempts } }), clock: Date.now };
}
