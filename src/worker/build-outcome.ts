import { BlobError } from '../blob/blob-store.ts';
import { DatabaseUnavailable } from '../database/database-unavailable.ts';
import { StaleUpdate } from '../database/packages.ts';
import { BuildFailure, type FailureCode } from '../domain/failure.ts';
import { Refusal } from '../domain/refusal.ts';
import type { Problem } from '../protocol/package.ts';
import { RepositoryError } from '../repository/repository.ts';

/** How one attempt at a build ended. */
export type BuildOutcome =
  | { readonly kind: 'succeeded' }
  | {
      readonly kind: 'failed';
      readonly code: FailureCode;
      readonly reason: string;
      readonly problems: readonly Problem[];
      readonly error: unknown;
    }
  /** The worker is stopping, or cannot reach the database: somebody else builds it. */
  | { readonly kind: 'given-back' }
  /** Canceled, deleted, or taken over: this worker writes nothing any more. */
  | { readonly kind: 'lost' };

/** The reason of a signal that asks a worker to give its builds back. */
export class WorkerStopping extends Error {
  override readonly name = 'WorkerStopping';
}

/** The reason of a signal that tells a worker that a build is no longer its own. */
export class ClaimLost extends Error {
  override readonly name = 'ClaimLost';
}

/** Reads an outcome from what a build threw. Everything that is not known is a bug, and says so. */
export function outcomeOf(error: unknown): Exclude<BuildOutcome, { kind: 'succeeded' }> {
  if (error instanceof WorkerStopping || error instanceof DatabaseUnavailable) return { kind: 'given-back' };
  if (error instanceof ClaimLost || error instanceof StaleUpdate) return { kind: 'lost' };
  const failed = (code: FailureCode, reason: string, problems: readonly Problem[] = []) =>
    ({ kind: 'failed', code, reason, problems, error }) as const;
  if (error instanceof BuildFailure) return failed(error.code, error.message, error.problems);
  if (error instanceof RepositoryError) return failed(failureOf(error), error.message);
  if (isDiskFull(error))
    return failed('disk-full', 'The disk of the build server is full. Free some space on it and build again.');
  if (error instanceof BlobError && error.kind === 'unavailable')
    return failed(
      'store-unavailable',
      'The store that packages are kept in cannot be reached. See to it, as the log of the server says, and build again.',
    );
  return failed('internal', 'An unexpected error occurred while building. The log of the server has the details.');
}

function failureOf(error: RepositoryError): FailureCode {
  switch (error.kind) {
    case 'unknown-branch':
    case 'unknown-revision':
    case 'ambiguous-revision':
    case 'not-on-branch':
      return 'revision-gone';
    case 'unreachable':
    case 'refused':
    case 'bad-address':
      return 'repository-unreachable';
    case 'no-space':
      return 'disk-full';
    case 'unreadable':
      return 'source-unreadable';
    default:
      return error.kind satisfies never;
  }
}

const FULL_CODES = new Set(['ENOSPC', 'EDQUOT']);
function isDiskFull(error: unknown): boolean {
  if (error instanceof BlobError) return error.kind === 'full';
  if (error instanceof Refusal) return error.code === 'STORAGE_FULL';
  if (!(error instanceof Error)) return false;
  return 'code' in error && typeof error.code === 'string' && FULL_CODES.has(error.code);
}
