import type { PackageId } from '../domain/identifiers.ts';

/**
 * Which build is next, and who has it. A package that is written as Queued is in the queue: nothing else has to be done
 * to enter it. First come first served, but fair between apps: the app with the fewest builds under way goes first, then
 * the one that was served longest ago.
 *
 * A claim is held under a lease. Whoever holds it extends it; whoever lost it writes nothing any more, because every
 * update of the package is guarded by the attempt.
 */
export interface BuildQueue {
  /** Calls back whenever there may be something to claim. @returns how to stop that */
  onWork(listener: () => void): () => void;
  /** Takes the next build, which is Building from then on, or answers undefined. */
  claim(worker: string): Promise<ClaimedBuild | undefined>;
  /** Extends the lease. @returns false when it was lost, or the build was canceled: stop */
  extend(claim: Claim): Promise<boolean>;
  /** Gives a claimed build back, Queued again, without counting the attempt: the worker is stopping. */
  giveBack(claim: Claim): Promise<void>;
  /** Queues builds again whose lease has run out, and fails those whose attempts are used up. @returns how many */
  recover(options: { readonly everyLease: boolean }): Promise<number>;
}

/** A claim, and whose build it is. */
export interface ClaimedBuild extends Claim {
  readonly appKey: string;
}

export interface Claim {
  readonly packageId: PackageId;
  /** Counts from 1; part of the guard of every later update. */
  readonly attempt: number;
  /** When it was claimed, in milliseconds since 1970. */
  readonly startedAt: number;
}
