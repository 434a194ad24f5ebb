import { type PackageId, parsePackageId } from './identifiers.ts';
import { parseLogKey } from './log-key.ts';

/** One attempt at a build, as the queue gives it out. */
export interface AttemptName {
  readonly packageId: PackageId;
  readonly attempt: number;
  /** In milliseconds since 1970. */
  readonly startedAt: number;
}

/**
 * Where the file of one attempt is kept. Each attempt has a key of its own, so that a late worker can never touch the
 * file of another; the time tells apart attempts of a history that a loss of power has undone.
 */
export function blobKey({ packageId, attempt, startedAt }: AttemptName): string {
  return `${packageId}.${attempt}.${startedAt.toString(36)}`;
}

/** The package that a file belongs to by its key; undefined for the key of a log, or one that is none of ours. */
export function packageOfBlobKey(key: string): PackageId | undefined {
  if (parseLogKey(key) !== undefined) return undefined;
  return parsePackageId(key.split('.', 1)[0] ?? '');
}
