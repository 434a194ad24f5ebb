import { S3ServiceException } from '@aws-sdk/client-s3';
import { codeOf } from '../files/file-errors.ts';
import { BlobError } from './blob-store.ts';
import { formatS3Address, type S3Address } from './s3-address.ts';

/** Of MinIO and Ceph; what has no room anywhere else answers 507. */
const FULL = new Set(['XMinioStorageFull', 'XMinioAdminBucketQuotaExceeded', 'QuotaExceeded']);
const OTHER_REGION = new Set([
  'PermanentRedirect',
  'AuthorizationHeaderMalformed',
  'IllegalLocationConstraintException',
]);
/** Commands that look for no object: what they do not find is the store's. */
const ABOUT_THE_STORE = /^(?:List|CreateMultipartUpload)/;
const NO_REGION = /^Region (?:is missing|not accepted)/;
const NO_CREDENTIALS = 'CredentialsProviderError';
const CHECK_ADDRESS = 'check AWS_ENDPOINT_URL_S3 and that the store runs';

/**
 * What an error of the SDK means for the whole store, in a sentence with what to do about it. What concerns a single object
 * comes back as it is, for whoever asked to tell: that it is not there, or that a condition did not hold.
 */
export function toStoreError(error: unknown, address: S3Address, { command, url }: FailedRequest): unknown {
  if (!(error instanceof Error) || error.name === 'AbortError') return error;
  if (!ABOUT_THE_STORE.test(command) && concernsObject(error)) return error;
  const place = formatS3Address(address);
  const { kind, what } = explain(error, url === undefined ? place : `${place} at ${url.origin}`);
  return new BlobError(kind, what, { cause: error });
}

interface FailedRequest {
  /** Its name, such as `ListObjectsV2Command`. */
  readonly command: string;
  /** Undefined where it did not come so far. */
  readonly url: URL | undefined;
}

export function isNotFound(error: unknown): boolean {
  return statusOf(error) === 404;
}

/** The condition of a request did not hold that there is still the same object. */
export function isOtherObject(error: unknown): boolean {
  return statusOf(error) === 412;
}

/** Of a store that does not know a header or a call. */
export function isNotImplemented(error: unknown): boolean {
  return error instanceof BlobError && statusOf(error.cause) === 501;
}

/** Whether a store may answer otherwise after a while: it did not answer, or could not do what it was asked. */
export function isPassing(error: unknown): boolean {
  if (!(error instanceof BlobError) || error.kind !== 'unavailable') return false;
  const { cause } = error;
  const status = statusOf(cause);
  if (status !== undefined) return status === 429 || (status >= 500 && status !== 501);
  return cause instanceof Error && cause.name !== NO_CREDENTIALS && !NO_REGION.test(cause.message);
}

function concernsObject(error: Error): boolean {
  if (error.name === 'NoSuchBucket') return false;
  return [404, 409, 412, 416].includes(statusOf(error) ?? 0);
}

function statusOf(error: unknown): number | undefined {
  return error instanceof S3ServiceException ? error.$metadata.httpStatusCode : undefined;
}

function explain(error: Error, place: string): { readonly kind: BlobError['kind']; readonly what: string } {
  const status = statusOf(error);
  const reason = nameOf(error);
  if (FULL.has(error.name) || status === 507) {
    return {
      kind: 'full',
      what: `There is no room in ${place} (${reason}): free some space there, or raise its quota.`,
    };
  }
  return { kind: 'unavailable', what: explainRefusal(error, status, reason, place) };
}

function explainRefusal(error: Error, status: number | undefined, reason: string, place: string): string {
  if (error.name === 'NoSuchBucket') {
    return `There is no bucket for ${place}: make it, or name another one with --blobs (SLIPWAY_BLOBS).`;
  }
  if (error.name === NO_CREDENTIALS) {
    return `There are no credentials for ${place}: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or another way that the AWS SDK finds them.`;
  }
  if (NO_REGION.test(error.message)) {
    return `The region of ${place} is not known: set AWS_REGION, which every store wants to be told, such as us-east-1.`;
  }
  if (OTHER_REGION.has(error.name) || status === 301) {
    return `The bucket of ${place} is in another region, or is addressed in another way (${reason}): check AWS_REGION and SLIPWAY_S3_PATH_STYLE.`;
  }
  if (status === 401 || status === 403) {
    return `The server may not do this in ${place} (${reason}): check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and what they are allowed.`;
  }
  if (status === undefined) return `${place} cannot be reached (${reason}): ${CHECK_ADDRESS}.`;
  if (status < 500 || status === 501) {
    return `${place} answered ${status} (${reason}): ${CHECK_ADDRESS}, and whether it can do what the settings beginning with SLIPWAY_S3 want.`;
  }
  return `${place} answered ${status} (${reason}), again and again: see to the store, or try again later.`;
}

function nameOf(error: Error): string {
  return String(codeOf(error) ?? error.name);
}
