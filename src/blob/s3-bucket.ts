import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3';
import { checkKey } from './check-key.ts';
import type { S3Address } from './s3-address.ts';
import { toStoreError } from './s3-errors.ts';

export interface S3Options {
  readonly address: S3Address;
  /** Whether the bucket is named in the path instead of the host, as most stores other than AWS want it. */
  readonly pathStyle: boolean;
  /** Undefined leaves it to the bucket. */
  readonly encryption?: S3Encryption | undefined;
  /** Where the store is and who asks. What is undefined the SDK finds, in the environment first. */
  readonly connection?: Pick<S3ClientConfig, 'endpoint' | 'region' | 'credentials'>;
  readonly patience?: S3Patience;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
}

export type S3Encryption =
  | { readonly algorithm: 'AES256' }
  /** Without the id of a key, the one of the account. */
  | { readonly algorithm: 'aws:kms'; readonly keyId?: string | undefined };

/** How long the store is waited for. */
export interface S3Patience {
  /** How often a request is tried, with growing pauses; undefined for what the SDK finds. */
  readonly attempts: number | undefined;
  readonly connectMs: number;
  /** How long nothing may come or go on a connection. */
  readonly silenceMs: number;
}

/**
 * Eight attempts span about six seconds, thirteen at most: longer than a store takes to move its work to another machine.
 * Stores that put the parts of an upload together for longer than a minute send blanks meanwhile.
 */
export const PATIENCE: S3Patience = { attempts: 8, connectMs: 5000, silenceMs: 60_000 };

/** A bucket, with what every request to it has in common. */
export interface S3Bucket {
  /** Throws a BlobError for whatever does not concern a single object. */
  readonly client: S3Client;
  readonly address: S3Address;
  readonly encryption: { readonly ServerSideEncryption?: 'AES256' | 'aws:kms'; readonly SSEKMSKeyId?: string };
  /** @throws Error for what is not a key */
  object(key: string): { readonly Bucket: string; readonly Key: string };
}

export function openS3Bucket({ address, encryption, ...options }: S3Options): S3Bucket {
  return {
    client: createClient(address, options),
    address,
    encryption: encryption === undefined ? {} : encryptionParameters(encryption),
    object: (key) => ({ Bucket: address.bucket, Key: address.prefix + checkKey(key) }),
  };
}

function createClient(
  address: S3Address,
  { pathStyle, connection, patience = PATIENCE }: Pick<S3Options, 'pathStyle' | 'connection' | 'patience'>,
): S3Client {
  // Each download that is under way holds a connection for as long as its client takes: others do not wait for it.
  const agent = { keepAlive: true, maxSockets: Number.POSITIVE_INFINITY };
  const client = new S3Client({
    ...connection,
    forcePathStyle: pathStyle,
    retryMode: 'standard',
    ...(patience.attempts !== undefined && { maxAttempts: patience.attempts }),
    requestHandler: {
      connectionTimeout: patience.connectMs,
      socketTimeout: patience.silenceMs,
      httpAgent: agent,
      httpsAgent: agent,
    },
    // It costs a connection of its own for each part, and some stores do not answer it.
    expectContinueHeader: false,
    // What is read is always a range, which has no checksum.
    responseChecksumValidation: 'WHEN_REQUIRED',
  });
  client.middlewareStack.add(
    (next) => async (args) => {
      try {
        return await next(args);
      } catch (error) {
        throw await toStoreError(error, client, address);
      }
    },
    { step: 'initialize', priority: 'high', name: 'slipwayErrors' },
  );
  return client;
}

function encryptionParameters(encryption: S3Encryption): S3Bucket['encryption'] {
  const keyId = encryption.algorithm === 'aws:kms' ? encryption.keyId : undefined;
  return { ServerSideEncryption: encryption.algorithm, ...(keyId !== undefined && { SSEKMSKeyId: keyId }) };
}
