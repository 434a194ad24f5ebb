import type { PackageChanges } from '../changes/package-changes.ts';
import { claimBuild, extendLease, findNextBuild, guardOf, listExpiredBuilds } from '../database/build-claims.ts';
import type { Database, Queries } from '../database/database.ts';
import { changeStatus, StaleUpdate } from '../database/packages.ts';
import type { BuildQueue, Claim } from './build-queue.ts';

export interface EmbeddedQueueOptions {
  readonly database: Database;
  readonly changes: PackageChanges;
  readonly clock: () => number;
  readonly leaseMs: number;
  /** How many builds of one app may be under way at once. */
  readonly buildsPerApp: number;
  /** How many workers a build may lose before it is given up. */
  readonly mostInterruptions: number;
}

/**
 * The queue of one machine: the Queued rows themselves are its entries, so that a package and its place in the queue
 * cannot disagree. Wakes workers of this process.
 */
export function createEmbeddedQueue(options: EmbeddedQueueOptions): BuildQueue {
  const { database, changes, clock } = options;
  const listeners = new Set<() => void>();
  const wake = () => {
    for (const listener of listeners) listener();
  };

  return {
    // The row that was written as Queued is the entry.
    enqueue: async () => {},
    wake,
    onWork(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async claim(worker) {
      const claim = await database.transaction(async (queries): Promise<Claim | undefined> => {
        const next = await findNextBuild(queries, options);
        if (next === undefined) return undefined;
        const now = clock();
        await claimBuild(queries, next, { worker, now, expiresAt: now + options.leaseMs });
        return { packageId: next.id, attempt: next.attempt + 1, startedAt: now };
      }, 'relaxed');
      if (claim !== undefined) changes.publish(claim.packageId);
      return claim;
    },
    extend: (claim) =>
      database.transaction((queries) => extendLease(queries, claim, clock() + options.leaseMs), 'relaxed'),
    async giveBack(claim) {
      await ignoreStale(
        database.transaction(async (queries) =>
          changeStatus(queries, await guardOf(queries, claim), 'Queued', { worker: null, lease_expires_at: null }),
        ),
      );
      changes.publish(claim.packageId);
      wake();
    },
    async recover({ everyLease }) {
      // Looked for where it is written: a lease that is being extended at this moment is seen.
      const lost = await database.transactionInReserve(async (queries) => {
        const expired = await listExpiredBuilds(queries, everyLease ? Number.MAX_SAFE_INTEGER : clock());
        for (const build of expired) await recoverBuild(queries, build, options);
        return expired;
      });
      for (const { id } of lost) changes.publish(id);
      if (lost.length > 0) wake();
      return lost.length;
    },
  };
}

type LostBuild = Awaited<ReturnType<typeof listExpiredBuilds>>[number];

async function recoverBuild(
  queries: Queries,
  build: LostBuild,
  { clock, mostInterruptions }: EmbeddedQueueOptions,
): Promise<void> {
  const guard = { packageId: build.id, status: build.status, attempt: build.attempt };
  const interruptions = build.interruptions + 1;
  if (interruptions <= mostInterruptions) {
    return await changeStatus(queries, guard, 'Queued', { interruptions, worker: null, lease_expires_at: null });
  }
  await changeStatus(queries, guard, 'Failed', {
    interruptions,
    finished_at: clock(),
    lease_expires_at: null,
    failure_code: 'attempts-used-up',
    failure_reason: `The worker stopped unexpectedly during each of ${interruptions} attempts. Start the build again.`,
  });
}

/** A build that moved on in between, for instance because it was canceled, needs nothing. */
async function ignoreStale(update: Promise<void>): Promise<void> {
  try {
    await update;
  } catch (error) {
    if (!(error instanceof StaleUpdate)) throw error;
  }
}
