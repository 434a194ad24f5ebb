/** Where in S3 the blobs of a server are. */
export interface S3Address {
  readonly bucket: string;
  /** Empty, or ends in a slash. */
  readonly prefix: string;
}

/** Lower-case letters, digits, dots and hyphens: https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html */
const ADDRESS = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])((?:\/[A-Za-z0-9!_.*'()-]+)*)\/?$/;

/**
 * Reads `s3://bucket` or `s3://bucket/prefix`.
 *
 * @returns undefined for anything else, and for a prefix with characters that are not safe in every store
 */
export function parseS3Address(text: string): S3Address | undefined {
  const [, bucket, path = ''] = ADDRESS.exec(text) ?? [];
  if (bucket === undefined || path.split('/').some((part) => part === '.' || part === '..')) return undefined;
  return { bucket, prefix: path === '' ? '' : `${path.slice(1)}/` };
}

export function formatS3Address({ bucket, prefix }: S3Address): string {
  return `s3://${bucket}/${prefix}`.replace(/\/$/, '');
}
