import {
  type ClaimRules,
  claimBuild,
  type ExpiredBuild,
  extendLease,
  findNextBuild,
  guardOf,
  hasQueuedBuilds,
  listExpiredBuilds,
} from '../database/build-claims.ts';
import type { Database, Queries } from '../database/database.ts';
import { changeStatus, StaleUpdate } from '../database/packages.ts';
import type { Tracing } from '../tracing/tracing.ts';
import type { BuildQueue, ClaimedBuild } from './build-queue.ts';

export interface RowQueueOptions extends ClaimRules {
  readonly database: Database;
  readonly tracing: Tracing;
  readonly clock: () => number;
  readonly leaseMs: number;
  /** How many workers a build may lose before it is given up. */
  readonly mostInterruptions: number;
}

/**
 * The queue of builds: the Queued rows themselves are its entries, so that a package and its place in the queue cannot
 * disagree. Workers are woken by the commit that writes one, wherever it was written.
 */
export function createRowQueue(options: RowQueueOptions): BuildQueue {
  const { database, clock, preferenceMs } = options;
  const listeners = new Set<() => void>();
  let isWaking = false;
  const wakeLater = () => {
    // One for all who come meanwhile: each wakes everybody, and finds that it is too early, too.
    if (isWaking) return;
    isWaking = true;
    setTimeout(() => {
      isWaking = false;
      for (const listener of listeners) listener();
    }, preferenceMs).unref();
  };
  return {
    onWork(listener) {
      listeners.add(listener);
      const stop = database.onChange('builds', listener);
      return () => {
        listeners.delete(listener);
        stop();
      };
    },
    async claim(worker) {
      // Every worker is woken by every build: those for whom there is none do not wait for their turn to write.
      if (!(await hasQueuedBuilds(database.read))) return undefined;
      const claim = await database.transaction(async (queries): Promise<ClaimedBuild | 'later' | undefined> => {
        const now = clock();
        const next = await findNextBuild(queries, options, { worker, now });
        if (next === undefined) return (await hasQueuedBuilds(queries)) ? 'later' : undefined;
        await claimBuild(queries, next, { worker, now, expiresAt: now + options.leaseMs });
        return { packageId: next.id, appKey: next.app_id, attempt: next.attempt + 1, startedAt: now };
      }, 'relaxed');
      if (claim !== 'later') return claim;
      wakeLater();
      return undefined;
    },
    extend: (claim) =>
      database.transaction((queries) => extendLease(queries, claim, clock() + options.leaseMs), 'relaxed'),
    giveBack: (claim) =>
      ignoreStale(
        database.transaction(async (queries) =>
          changeStatus(queries, await guardOf(queries, claim), 'Queued', { worker: null, lease_expires_at: null }),
        ),
      ),
    async recover({ everyLease }) {
      const time = () => (everyLease ? Number.MAX_SAFE_INTEGER : clock());
      if ((await listExpiredBuilds(database.read, time())).length === 0) return 0;
      // Once more where it is written: a lease that is being extended at this moment is seen.
      const lost = await database.transactionInReserve(async (queries) => {
        const expired = await listExpiredBuilds(queries, time());
        for (const build of expired) await recoverBuild(queries, build, options);
        return expired;
      });
      for (const build of lost) traceLost(options.tracing, build);
      return lost.length;
    },
  };
}

async function recoverBuild(
  queries: Queries,
  build: ExpiredBuild,
  { clock, mostInterruptions }: RowQueueOptions,
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

/** Who had it does not tell any more: a process that was killed has sent nothing. */
function traceLost(tracing: Tracing, { id, attempt, worker, started_at, trace_parent }: ExpiredBuild): void {
  const span = tracing.resume('attempt', trace_parent, started_at ?? undefined);
  span.describe({ packageId: id, attempt, ...(worker !== null && { worker }), outcome: 'interrupted' });
  span.end({ failure: 'interrupted' });
}

/** A build that moved on in between, for instance because it was canceled, needs nothing. */
async function ignoreStale(update: Promise<void>): Promise<void> {
  try {
    await update;
  } catch (error) {
    if (!(error instanceof StaleUpdate)) throw error;
  }
}
