import type { AppRow, PackageRow } from '../database/schema.ts';
import { presentBranch } from '../domain/branch-name.ts';
import type { Claim } from '../queue/build-queue.ts';
import type { Span, SpanFacts, Tracing } from '../tracing/tracing.ts';
import type { BuildOutcome } from './build-outcome.ts';

export interface TracedAttempt {
  readonly claim: Claim;
  /** As they were when it was claimed. */
  readonly row: PackageRow;
  readonly app: AppRow;
}

/**
 * Traces an attempt at a build from its claim to its end, and before the first one the wait for it.
 *
 * @param work is given what its phases are traced below
 */
export async function traceAttempt(
  tracing: Tracing,
  attempt: TracedAttempt,
  work: (span: Span) => Promise<BuildOutcome>,
): Promise<BuildOutcome> {
  const { claim, row } = attempt;
  const facts = describe(attempt);
  // When it was queued again is not known.
  if (claim.attempt === 1) {
    const wait = tracing.resume('queue', row.trace_parent, row.created_at);
    wait.describe(facts);
    wait.end({ at: claim.startedAt });
  }
  const span = tracing.resume('attempt', row.trace_parent, claim.startedAt);
  span.describe({ ...facts, attempt: claim.attempt, ...(row.worker !== null && { worker: row.worker }) });
  // Where it throws, its end is not written down: whoever queues the build again tells of the attempt.
  const outcome = await work(span);
  span.describe({ outcome: outcome.kind });
  span.end(outcome.kind === 'failed' ? { failure: outcome.code } : {});
  return outcome;
}

function describe({ row, app }: TracedAttempt): SpanFacts {
  const branch = presentBranch({ name: row.branch, isMainLine: row.is_main_line === 1 });
  return { appId: app.app_id, packageId: row.id, version: row.version, revision: row.revision, branch };
}
