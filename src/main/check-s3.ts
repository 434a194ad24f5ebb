import type { Configuration } from './configuration.ts';

/** What the signatures of S3 allow: https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-presigned-url.html */
const LONGEST_LINK_SECONDS = 7 * 24 * 60 * 60;

/** What does not go together in the settings of an S3 store: a sentence each. */
export function checkS3(
  configuration: Pick<Configuration, 's3' | 'downloads' | 'linkTtlSeconds'> | undefined,
  kmsKey: string | undefined,
): readonly string[] {
  if (configuration === undefined) return [];
  const { s3, downloads, linkTtlSeconds } = configuration;
  const mistakes: string[] = [];
  if (kmsKey !== undefined && s3?.encryption?.algorithm !== 'aws:kms') {
    mistakes.push(
      "s3KmsKey is given, and packages are not encrypted with it; give 'aws:kms' for s3Encryption, and blobs.",
    );
  }
  if (downloads === 'store' && s3 === undefined) {
    mistakes.push(
      "downloads is 'store' and blobs is not given; give the address of an S3 store, or leave downloads away.",
    );
  }
  if (downloads === 'store' && linkTtlSeconds > LONGEST_LINK_SECONDS) {
    mistakes.push(
      'linkTtl is longer than the 7 days that links of S3 are valid; make it shorter, or leave downloads away.',
    );
  }
  return mistakes;
}
