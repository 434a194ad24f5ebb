import { setTimeout } from 'node:timers/promises';
import type { DeploymentReport } from '../../protocol/deployment-report.ts';
import type { DeploymentReports } from './deployment-reports.ts';
import { type PostDeps, postOrder } from './post-order.ts';
import { reportedFailure } from './reported-failure.ts';
import type { WebhookOptions } from './webhook-options.ts';
import type { WebhookOrder } from './webhook-order.ts';

export interface DeliverDeps extends PostDeps {
  readonly reports: Pick<DeploymentReports, 'expect'>;
  /** What lies between one try and the next; after the last of them it is given up. */
  readonly retryDelaysMs: readonly number[];
}

/**
 * Sends an order, and waits for the report where that is promised. A report counts whenever it comes, also where the
 * answer to the order was lost.
 *
 * @throws DeploymentFailure; the reason of `signal`
 */
export async function deliverOrder(
  deps: DeliverDeps,
  order: WebhookOrder,
  options: WebhookOptions,
  signal: AbortSignal,
): Promise<void> {
  const expected = await deps.reports.expect(order, signal);
  const reported = new AbortController();
  try {
    const sending = send(deps, order, options, AbortSignal.any([signal, reported.signal]));
    const answered = sending.then((answer) => (answer === 'accepted' ? expected.report : DONE));
    const report = await Promise.race([expected.report, answered]);
    if (report.status === 'Failed') throw reportedFailure(order.call, report, NO_REASON);
  } finally {
    reported.abort();
    await expected.close();
  }
}

const DONE: DeploymentReport = { status: 'Done' };
const NO_REASON = 'the system that deploys reported no reason.';

async function send(
  deps: DeliverDeps,
  order: WebhookOrder,
  options: WebhookOptions,
  signal: AbortSignal,
): Promise<'done' | 'accepted'> {
  for (const delayMs of [...deps.retryDelaysMs, undefined]) {
    const answer = await postOrder(deps, order, options, signal);
    if (answer.kind !== 'failed') return answer.kind;
    if (!answer.isPassing || delayMs === undefined) throw answer.failure;
    await setTimeout(delayMs, undefined, { signal }).catch(() => signal.throwIfAborted());
  }
  throw new Error('The last try returns or throws.');
}
