import { randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { noteChange, type Topic } from '../database/change-notices.ts';
import type { Database } from '../database/database.ts';
import { DatabaseUnavailable } from '../database/database-unavailable.ts';
import { fence, LeaseLost } from '../database/fence.ts';
import {
  environmentLease,
  extendLease,
  findLeaseEnd,
  type Lease,
  releaseLease,
  takeLease,
} from '../database/leases.ts';
import { Refusal } from '../domain/refusal.ts';

/** While nothing else is done to an environment. */
export interface Turn {
  /** Fires when what is done has to end: the turn is lost, or whoever does it ends. */
  readonly signal: AbortSignal;
  /** To be written through: writes nothing any more once somebody else has the turn. */
  readonly database: Database;
}

export interface LeasedTurnOptions {
  readonly database: Database;
  /** Milliseconds since 1970, by the clock of the database. */
  readonly clock: () => number;
  /** Whoever has been away for so long has lost the turn. */
  readonly leaseMs: number;
}

/** How often a lease is extended while it lasts. */
const BEATS = 5;

/**
 * Does something to an environment while no other process on the database does: under a lease, which is waited for.
 *
 * @throws what the work throws; Refusal SHUTTING_DOWN when the signal fires before its turn, NOT_READY when the turn was
 *   lost meanwhile
 */
export async function inLeasedTurn<T>(
  options: LeasedTurnOptions,
  environmentId: string,
  signal: AbortSignal,
  work: (turn: Turn) => Promise<T>,
): Promise<T> {
  const { database } = options;
  const lease: Lease = { name: environmentLease(environmentId), holder: randomUUID() };
  const topic: Topic = `environment:${environmentId}`;
  const expiresAt = await waitForLease(options, lease, topic, signal);
  const lost = new AbortController();
  const stopExtending = keepExtending(options, lease, expiresAt, () => lost.abort());
  try {
    const result = await work({ signal: AbortSignal.any([signal, lost.signal]), database: fence(database, lease) });
    if (lost.signal.aborted) throw turnLost();
    return result;
  } catch (cause) {
    throw lost.signal.aborted || cause instanceof LeaseLost ? turnLost(cause) : cause;
  } finally {
    stopExtending();
    await release(database, lease, topic);
  }
}

/** @returns when it ends */
async function waitForLease(
  { database, clock, leaseMs }: LeasedTurnOptions,
  lease: Lease,
  topic: Topic,
  signal: AbortSignal,
): Promise<number> {
  for (;;) {
    if (signal.aborted) throw new Refusal('SHUTTING_DOWN', undefined, { cause: signal.reason });
    const changed = new AbortController();
    const stopListening = database.onChange(topic, () => changed.abort());
    try {
      const expiresAt = clock() + leaseMs;
      const others = await database.transaction(async (queries) => {
        if (await takeLease(queries, lease, { now: clock(), expiresAt })) return undefined;
        return await findLeaseEnd(queries, lease.name);
      }, 'relaxed');
      if (others === undefined) return expiresAt;
      const either = AbortSignal.any([signal, changed.signal]);
      // Nobody tells of the end of a lease whose process is no more.
      await setTimeout(Math.max(others - clock(), 1), undefined, { signal: either }).catch(() => undefined);
    } finally {
      stopListening();
    }
  }
}

/**
 * Extends a lease until it is told to stop. One that could not be for as long as it lasts is lost: another process may do
 * the work by then, and whoever cannot ask must not go on.
 */
function keepExtending(
  { database, clock, leaseMs }: LeasedTurnOptions,
  lease: Lease,
  firstEnd: number,
  lose: () => void,
): () => void {
  const beatMs = leaseMs / BEATS;
  let endsAt = firstEnd;
  let isAsking = false;
  const extend = async () => {
    const expiresAt = clock() + leaseMs;
    const isOurs = await database.transaction((queries) => extendLease(queries, lease, expiresAt), 'relaxed');
    if (isOurs) endsAt = expiresAt;
    else lose();
  };
  const timer = setInterval(() => {
    if (clock() + beatMs >= endsAt) lose();
    if (isAsking) return;
    isAsking = true;
    // It is tried again with the next beat, for as long as the lease lasts.
    extend()
      .catch(() => undefined)
      .finally(() => {
        isAsking = false;
      });
  }, beatMs);
  return () => clearInterval(timer);
}

/** While the database is away the lease is left to its end: what was done in the turn was done. */
async function release(database: Database, lease: Lease, topic: Topic): Promise<void> {
  try {
    await database.transaction(async (queries) => {
      await releaseLease(queries, lease);
      noteChange(queries, topic);
    }, 'relaxed');
  } catch (error) {
    if (!(error instanceof DatabaseUnavailable)) throw error;
  }
}

function turnLost(cause?: unknown): Refusal {
  const what = 'This server lost touch with the database meanwhile, and another one may have gone on';
  return new Refusal('NOT_READY', `${what}: look what became of the environment, and ask again.`, { cause });
}
