import { type PackageId, parsePackageId } from './identifiers.ts';

/** The beginning of a package's log, as a blob. */
export interface LogBlobName {
  readonly packageId: PackageId;
  /** How much of the log it holds, from its first byte on. */
  readonly sizeBytes: number;
}

const KEY = /^([0-9a-f-]{36})\.log\.([0-9a-z]{1,11})\.[0-9a-z]{1,16}$/;

/** Where a log is kept. @param nonce tells apart those who write the same one at once: digits and small letters */
export function logKey({ packageId, sizeBytes }: LogBlobName, nonce: string): string {
  return `${packageId}.log.${sizeBytes.toString(36)}.${nonce}`;
}

/** What a key says of a log; undefined for a key of anything else. */
export function parseLogKey(key: string): LogBlobName | undefined {
  const [, id = '', size = ''] = KEY.exec(key) ?? [];
  const packageId = parsePackageId(id);
  return packageId && { packageId, sizeBytes: Number.parseInt(size, 36) };
}
