import type { PackageChanges } from '../changes/package-changes.ts';
import { claimBuild, extendLease, findNextBuild, guardOf, listExpiredBuilds } from '../database/build-claims.ts';
import type { Database } from '../database/database.ts';
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
      const lost = await listExpiredBuilds(database.read, everyLease ? Number.MAX_SAFE_INTEGER : clock());
      for (const build of lost) await recoverBuild(options, build);
      if (lost.length > 0) wake();
      return lost.length;
    },
  };
}

type LostBuild = Awaited<ReturnType<typeof listExpiredBuilds>>[number];

async function recoverBuild({ database, changes, clock, mostInterruptions }: EmbeddedQueueOptions, build: LostBuild) {
  const guard = { packageId: build.id, status: build.status, attempt: build.attempt };
  const interruptions = build.interruptions + 1;
  await ignoreStale(
    database.transaction((queries) =>
      interruptions > mostInterruptions
        ? changeStatus(queries, guard, 'Failed', {
            interruptions,
            finished_at: clock(),
            failure_code: 'attempts-used-up',
            failure_reason: `The worker stopped unexpectedly during each of ${interruptions} attempts. Start the build again.`,
          })
        : changeStatus(queries, guard, 'Queued', { interruptions, worker: null, lease_expires_at: null }),
    ),
  );
  changes.publish(build.id);
}

/** A build that moved on in between needs nothing: it was canceled, or its worker is alive after all. */
async function ignoreStale(update: Promise<void>): Promise<void> {
  try {
    await update;
  } catch (error) {
    if (!(error instanceof StaleUpdate)) throw error;
  }
}
