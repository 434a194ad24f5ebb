import type { S3Address } from './s3-address.ts';

/** What an operator says of an S3 store. */
export interface S3Settings {
  readonly address: S3Address;
  /** Whether the bucket is named in the path instead of the host, as most stores other than AWS want it. */
  readonly pathStyle: boolean;
  /** Undefined leaves it to the bucket. */
  readonly encryption?: S3Encryption | undefined;
}

export interface S3Encryption {
  readonly algorithm: 'AES256' | 'aws:kms';
  /** Of `aws:kms`; without it, the key of the account. */
  readonly keyId?: string;
}
