import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import type { PackageId } from '../domain/identifiers.ts';
import { environmentPayload, packagePayload } from '../domain/webhook-payload.ts';
import type { EventType } from '../protocol/webhook-events.ts';
import { noteChange } from './change-notices.ts';
import type { Queries } from './database.ts';
import { prepareLookUp } from './look-up.ts';

/*
 * What happened is told in the transaction that makes it true: a message for each webhook that wants to know, which the
 * outbox delivers once the transaction has committed. Nobody who changes a package or ends a job can forget it: the
 * queries that do so call this.
 */

/**
 * Tells of a package, as it is now.
 *
 * @param at when it happened, in milliseconds since 1970
 */
export async function tellOfPackage(
  queries: Queries,
  packageId: PackageId,
  eventTypes: readonly EventType[],
  at: number,
): Promise<void> {
  if ((await findWebhookOfPackage(queries, packageId)) === undefined) return;
  const row = await queries
    .selectFrom('packages')
    .innerJoin('apps', 'apps.id', 'packages.app_id')
    .selectAll('packages')
    .select(['apps.app_id as app_name', 'apps.project_id'])
    .where('packages.id', '=', packageId)
    .executeTakeFirstOrThrow();
  const app = { app_id: row.app_name, project_id: row.project_id };
  // An upload is no build.
  const told = eventTypes.filter((type) => row.origin === 'build' || !type.startsWith('build.'));
  for (const type of told) await tell(queries, row.app_id, type, () => packagePayload(type, app, row, at), at);
}

/** An active webhook of a package's app. Every change of a package asks for it, and hardly any app has one. */
const findWebhookOfPackage = prepareLookUp<PackageId, { readonly id: string }>((queries) =>
  queries
    .selectFrom('packages')
    .innerJoin('webhooks', 'webhooks.app_id', 'packages.app_id')
    .select('webhooks.id')
    .where('packages.id', '=', '' as PackageId)
    .where('is_active', '=', sql.lit(1))
    .limit(sql.lit(1)),
);

/** Tells how a start ended, or that a transport failed: a package that was transported does not run yet. */
export async function tellOfJob(queries: Queries, jobId: string, at: number): Promise<void> {
  const job = await queries
    .selectFrom('deployment_jobs')
    .innerJoin('environments', 'environments.id', 'deployment_jobs.environment_id')
    .innerJoin('apps', 'apps.id', 'environments.app_id')
    .selectAll('deployment_jobs')
    .select(['environments.app_id', 'mode', 'url', 'apps.app_id as app_name', 'apps.project_id'])
    .where('deployment_jobs.id', '=', jobId)
    .executeTakeFirst();
  if (job === undefined || (job.kind === 'transport' && job.state === 'Done')) return;
  const type = job.state === 'Done' ? 'environment.deployed' : 'environment.failed';
  const app = { app_id: job.app_name, project_id: job.project_id };
  const environment = { id: job.environment_id, mode: job.mode, url: job.url };
  const { error_code: code, error_message: message } = job;
  const outcome = code === null ? { at } : { at, failure: { code, message: message ?? '' } };
  const row = await queries.selectFrom('packages').selectAll().where('id', '=', job.package_id).executeTakeFirst();
  await tell(queries, job.app_id, type, () => environmentPayload(type, app, environment, row, outcome), at);
}

/**
 * Writes a message for every active webhook of an app that is told of an event.
 *
 * @param payload the body; made only where somebody wants to know
 */
export async function tell(
  queries: Queries,
  appKey: string,
  eventType: EventType,
  payload: () => string,
  at: number,
): Promise<void> {
  const webhooks = await queries
    .selectFrom('webhooks')
    .select(['id', 'event_types'])
    .where('app_id', '=', appKey)
    .where('is_active', '=', 1)
    .orderBy('sequence')
    .execute();
  const told = webhooks.filter(({ event_types }) => JSON.parse(event_types).includes(eventType));
  if (told.length === 0) return;
  const body = payload();
  for (const { id } of told) await insertMessage(queries, { webhookId: id, eventType, payload: body, at });
}

/**
 * Writes a message for one webhook. For a test, somebody waits: the webhook is woken where it rests.
 *
 * @returns its id
 */
export async function insertMessage(
  queries: Queries,
  message: {
    readonly webhookId: string;
    readonly eventType: EventType;
    readonly payload: string;
    readonly at: number;
    readonly isTest?: boolean;
  },
): Promise<string> {
  const id = `msg_${randomUUID().replaceAll('-', '')}`;
  await queries
    .insertInto('webhook_messages')
    .values({
      id,
      webhook_id: message.webhookId,
      event_type: message.eventType,
      payload: message.payload,
      is_test: message.isTest === true ? 1 : 0,
      status: 'Pending',
      attempts: 0,
      created_at: message.at,
      due_at: message.at,
    })
    .execute();
  if (message.isTest === true) {
    await queries.updateTable('webhooks').set({ rests_until: 0 }).where('id', '=', message.webhookId).execute();
  }
  noteChange(queries, 'messages');
  return id;
}
