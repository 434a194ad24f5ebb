import { randomUUID } from 'node:crypto';
import type { S3Settings } from '../../src/blob/s3-settings.ts';
import { openTestS3, type TestS3 } from './s3/s3-server.ts';
import { wholeFile } from './whole-file.ts';

/** Where all servers and workers of a test keep packages. */
export interface SharedBlobs {
  /** For a process of its own. */
  readonly variables: Readonly<Record<string, string>>;
  /** For a server within this process. */
  readonly settings: S3Settings;
}

let opening: Promise<TestS3> | undefined;

/** A place of its own in the S3 store of the file. */
export async function openSharedBlobs(): Promise<SharedBlobs> {
  opening ??= openForThisProcess();
  const { address, variables } = await opening;
  const own = { ...address, prefix: `${address.prefix}${randomUUID()}/` };
  return {
    variables: { ...variables, SLIPWAY_BLOBS: `s3://${own.bucket}/${own.prefix}` },
    settings: { address: own, pathStyle: true },
  };
}

async function openForThisProcess(): Promise<TestS3> {
  const s3 = await openTestS3(wholeFile);
  // The SDK finds there what a server within this process needs.
  Object.assign(
    process.env,
    Object.fromEntries(Object.entries(s3.variables).filter(([name]) => name.startsWith('AWS_'))),
  );
  return s3;
}
