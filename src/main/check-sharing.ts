import { CommandFailure } from '../cli/exit-codes.ts';
import type { Configuration } from './configuration.ts';

/**
 * Sees that what several servers and workers share is shared whole: packages on the disk of one would be missing on the
 * others.
 *
 * @throws CommandFailure
 */
export function checkSharing({ databaseUrl, s3, buildSlots }: Configuration): void {
  if (databaseUrl !== undefined && s3 === undefined) {
    const message =
      'A database that is shared needs a store for packages that is, too: give every server and worker the same --blobs s3://… (or SLIPWAY_BLOBS).';
    throw new CommandFailure('usage', 'BLOBS_NEEDED', message);
  }
  if (databaseUrl === undefined && buildSlots === 0) {
    const message =
      'With --build-slots 0 and no --database nobody would build anything: give it at least one, or a database that workers share.';
    throw new CommandFailure('usage', 'BUILD_SLOTS_NEEDED', message);
  }
}

/** The same for a worker, which has nothing of its own. @throws CommandFailure */
export function checkWorker(configuration: Configuration): void {
  const { databaseUrl, buildSlots } = configuration;
  if (databaseUrl === undefined) {
    const message =
      'A worker builds what servers accept, and has no database of its own: give it theirs with --database (or SLIPWAY_DATABASE).';
    throw new CommandFailure('usage', 'DATABASE_NEEDED', message);
  }
  if (buildSlots === 0) {
    const message = 'A worker with --build-slots 0 would never build anything.';
    throw new CommandFailure('usage', 'BUILD_SLOTS_NEEDED', message);
  }
  checkSharing(configuration);
}
