import { sql } from 'kysely';
import type { Queries } from './database.ts';
import { endJob } from './deployment-jobs.ts';
import { changeStatus, QUEUED, UNDER_WAY } from './packages.ts';
import { endWaitingPushes } from './pushes.ts';

/**
 * Ends everything that a server would go on with by itself, as failed, and lets every webhook rest until somebody enables
 * it. Only for a database that no server has open.
 *
 * @param reason a sentence, for whoever looks at what has failed
 */
export async function endUnfinishedWork(queries: Queries, reason: string, at: number): Promise<void> {
  await endBuilds(queries, reason, at);
  await endJobs(queries, reason, at);
  await emptyOutbox(queries, reason);
  await endWaitingPushes(queries, { status: 'Failed', reason, at });
  // After the others, which tell webhooks of their ends.
  await queries
    .updateTable('webhook_messages')
    .set({ status: 'Failed', ended_at: at })
    .where('status', '=', 'Pending')
    .execute();
  await queries.updateTable('webhooks').set({ is_active: 0, note: reason }).where('is_active', '=', 1).execute();
}

async function endBuilds(queries: Queries, reason: string, at: number): Promise<void> {
  const rows = queries.selectFrom('packages').select(['id', 'status', 'attempt']);
  const unfinished = [
    ...(await rows.where('status', '=', QUEUED).execute()),
    ...(await rows.where('status', 'in', UNDER_WAY).execute()),
  ];
  for (const { id, status, attempt } of unfinished) {
    await changeStatus(queries, { packageId: id, status, attempt }, 'Failed', {
      failure_code: 'canceled',
      failure_reason: reason,
      finished_at: at,
      lease_expires_at: null,
      size_bytes: 0,
      sha256: null,
    });
  }
}

async function endJobs(queries: Queries, message: string, at: number): Promise<void> {
  const jobs = await queries
    .selectFrom('deployment_jobs')
    .select(['id', 'kind'])
    .where('state', '=', sql.lit('UnderWay' as const))
    .execute();
  for (const { id, kind } of jobs) {
    const code = kind === 'start' ? 'START_FAILED' : 'TRANSPORT_FAILED';
    await endJob(queries, id, { at, failure: { code, message } });
  }
}

async function emptyOutbox(queries: Queries, reason: string): Promise<void> {
  await queries
    .updateTable('packages')
    .set({ tag_status: 'Failed', tag_message: reason })
    .where('id', 'in', packagesWith(queries, 'tag'))
    .execute();
  await queries
    .updateTable('packages')
    .set({ deploy_status: 'Failed', deploy_message: reason })
    .where('id', 'in', packagesWith(queries, 'deploy'))
    .execute();
  await queries.deleteFrom('outbox').execute();
}

function packagesWith(queries: Queries, kind: 'tag' | 'deploy') {
  return queries.selectFrom('outbox').select('package_id').where('kind', '=', kind);
}
