import type { Queries } from './database.ts';
import { countPackagesByStatus } from './packages.ts';
import { countWaitingPushes } from './pushes.ts';

/** What a server does by itself from its start on, because it was promised or under way. */
export interface UnfinishedWork {
  readonly builds: number;
  /** Each may start a build. */
  readonly pushes: number;
  readonly tags: number;
  /** Of free apps, and starts of environments. */
  readonly deployments: number;
  readonly webhookMessages: number;
}

export async function countUnfinishedWork(queries: Queries): Promise<UnfinishedWork> {
  const { Queued = 0, Building = 0, Uploading = 0 } = await countPackagesByStatus(queries);
  const outbox = await queries
    .selectFrom('outbox')
    .select(({ fn }) => ['kind', fn.countAll<number>().as('count')])
    .groupBy('kind')
    .execute();
  const starts = await queries
    .selectFrom('deployment_jobs')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('state', '=', 'UnderWay')
    .where('kind', '=', 'start')
    .executeTakeFirstOrThrow();
  const messages = await queries
    .selectFrom('webhook_messages')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('status', '=', 'Pending')
    .executeTakeFirstOrThrow();
  const entries = (kind: string) => Number(outbox.find((row) => row.kind === kind)?.count ?? 0);
  return {
    builds: Queued + Building + Uploading,
    pushes: await countWaitingPushes(queries),
    tags: entries('tag'),
    deployments: entries('deploy') + Number(starts.count),
    webhookMessages: Number(messages.count),
  };
}
