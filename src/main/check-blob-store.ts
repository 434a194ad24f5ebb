import { BlobError } from '../blob/blob-store.ts';
import { formatS3Address } from '../blob/s3-address.ts';
import type { Configuration } from './configuration.ts';
import type { Finding } from './finding.ts';
import { s3Options } from './open-blob-store.ts';

/** Whether the S3 store can be used that packages are kept in; nothing where they are in the data folder. */
export async function checkBlobStore({ s3 }: Pick<Configuration, 's3'>): Promise<Finding[]> {
  if (s3 === undefined) return [];
  const name = 'S3 store';
  const { checkS3Bucket } = await import('../blob/s3-blob-store.ts');
  try {
    await checkS3Bucket(s3Options(s3));
    return [{ name, state: 'ok', found: `${formatS3Address(s3.address)} can be listed and written` }];
  } catch (error) {
    if (!(error instanceof BlobError)) throw error;
    return [{ name, state: 'missing', found: 'cannot be used', advice: error.message }];
  }
}
