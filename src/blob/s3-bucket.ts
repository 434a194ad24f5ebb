import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3';
import { checkKey } from './check-key.ts';
import type { S3Address } from './s3-address.ts';
import { toStoreError } from './s3-errors.ts';
import type { S3Encryption, S3Settings } from './s3-settings.ts';

export interface S3Options extends S3Settings {
  /** Where the store is and who asks. What is undefined the SDK finds, in the environment first. */
  readonly connection?: Pick<S3ClientConfig, 'endpoint' | 'region' | 'credentials'>;
  readonly patience?: Partial<S3Patience>;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
}

/** How long the store is waited for. */
export interface S3Patience {
  /** How often a request is tried, with growing pauses. */
  readonly attempts: number;
  readonly connectMs: number;
  /** How long nothing may come or go on a connection. */
  readonly silenceMs: number;
  /** For what a store answers at once: a request without bytes, and the beginning of an answer with some. */
  readonly answerMs: number;
  /** How long a store may be away while a blob is written. */
  readonly outageMs: number;
}

/**
 * Eight attempts span about six seconds, thirteen at most: longer than a store takes to move its work to another machine.
 * Stores that put the parts of an upload together for longer than a minute send blanks meanwhile. A connection that a firewall
 * has forgotten is silent for ever, and what is asked on it is asked again on another one.
 */
const PATIENCE: S3Patience = {
  attempts: 8,
  connectMs: 5000,
  silenceMs: 60_000,
  answerMs: 15_000,
  outageMs: 120_000,
};

/** A bucket, with what every request to it has in common. */
export interface S3Bucket {
  /** Throws a BlobError for whatever does not concern a single object. */
  readonly client: S3Client;
  readonly address: S3Address;
  /** Sent along with what a store answers at once. */
  readonly prompt: { readonly requestTimeout: number };
  readonly outageMs: number;
  readonly encryption: { readonly ServerSideEncryption?: 'AES256' | 'aws:kms'; readonly SSEKMSKeyId?: string };
  /** @throws Error for what is not a key */
  object(key: string): { readonly Bucket: string; readonly Key: string };
}

export function openS3Bucket({ address, encryption, patience, ...options }: S3Options): S3Bucket {
  const patient = { ...PATIENCE, ...patience };
  return {
    client: createClient(address, options, patient),
    address,
    prompt: { requestTimeout: patient.answerMs },
    outageMs: patient.outageMs,
    encryption: encryption === undefined ? {} : encryptionParameters(encryption),
    object: (key) => ({ Bucket: address.bucket, Key: address.prefix + checkKey(key) }),
  };
}

function createClient(
  address: S3Address,
  { pathStyle, connection }: Pick<S3Options, 'pathStyle' | 'connection'>,
  { attempts, connectMs, silenceMs }: S3Patience,
): S3Client {
  // Each download that is under way holds a connection for as long as its client takes: others do not wait for it.
  const agent = { keepAlive: true, maxSockets: Number.POSITIVE_INFINITY };
  const client = new S3Client({
    ...connection,
    forcePathStyle: pathStyle,
    retryMode: 'standard',
    maxAttempts: attempts,
    requestHandler: {
      connectionTimeout: connectMs,
      socketTimeout: silenceMs,
      throwOnRequestTimeout: true,
      httpAgent: agent,
      httpsAgent: agent,
    },
    // It costs a connection of its own for each part, and some stores do not answer it.
    expectContinueHeader: false,
    // What is read is always a range, which has no checksum.
    responseChecksumValidation: 'WHEN_REQUIRED',
  });
  client.middlewareStack.add(
    (next, context) => async (args) => {
      try {
        return await next(args);
      } catch (error) {
        throw toStoreError(error, address, { command: context.commandName ?? '', url: context.endpointV2?.url });
      }
    },
    { step: 'initialize', priority: 'high', name: 'slipwayErrors' },
  );
  return client;
}

function encryptionParameters({ algorithm, keyId }: S3Encryption): S3Bucket['encryption'] {
  return { ServerSideEncryption: algorithm, ...(keyId !== undefined && { SSEKMSKeyId: keyId }) };
}
