import { type Insertable, sql } from 'kysely';
import type { MessageStatus } from '../protocol/webhook-events.ts';
import { noteChange } from './change-notices.ts';
import type { Queries } from './database.ts';
import type { Tables, WebhookMessageRow } from './schema.ts';

/** It stands in the SQL and is not bound: only so does SQLite see that its indexes of these few rows fit. */
const PENDING = sql.lit<MessageStatus>('Pending');

/** When it is, in milliseconds since 1970. */
export interface Moment {
  readonly now: number;
  /** Nothing waits for longer: later times are from a clock that was ahead, and have come. */
  readonly latest: number;
}

/** A webhook that has messages waiting. */
export interface WaitingWebhook {
  readonly id: string;
  /** When the first of them may be sent, in milliseconds since 1970. */
  readonly at: number;
}

/**
 * The webhooks that have messages waiting and are active, those whose turn comes first before the others. Goes from one
 * such webhook to the next in the index: neither other webhooks nor the number of messages make it slower.
 */
export async function listWaitingWebhooks(
  queries: Queries,
  { latest }: Pick<Moment, 'latest'>,
  limit: number,
): Promise<readonly WaitingWebhook[]> {
  const { rows } = await sql<WaitingWebhook>`
    with recursive waiting (id) as (
      select min(webhook_id) from webhook_messages where status = ${PENDING}
      union all
      select (select min(webhook_id) from webhook_messages where status = ${PENDING} and webhook_id > waiting.id)
      from waiting where waiting.id is not null
    ), due (id, rests_until, due_at) as (
      select webhooks.id, case when rests_until > ${latest} then 0 else rests_until end,
        (select case when min(due_at) > ${latest} then 0 else min(due_at) end
          from webhook_messages where status = ${PENDING} and webhook_id = webhooks.id)
      from waiting
      inner join webhooks on webhooks.id = waiting.id
      inner join apps on apps.id = webhooks.app_id
      where is_active = 1 and apps.deleted_at is null
    )
    select id, case when rests_until > due_at then rests_until else due_at end as at
    from due order by at, id limit ${limit}`.execute(queries);
  return rows;
}

/** The message of a webhook that is to be sent next: the oldest that is due. */
export function findDueMessage(
  queries: Queries,
  webhookId: string,
  { now, latest }: Moment,
): Promise<WebhookMessageRow | undefined> {
  return (
    queries
      .selectFrom('webhook_messages')
      .selectAll()
      .where('webhook_id', '=', webhookId)
      .where('status', '=', PENDING)
      // The sign keeps SQLite from taking the index of times, and from sorting everything that is due.
      .where(({ or, eb }) => or([eb(sql<number>`+due_at`, '<=', now), eb(sql<number>`+due_at`, '>', latest)]))
      .orderBy('sequence')
      .limit(1)
      .executeTakeFirst()
  );
}

/** Writes down an attempt at a message. @returns false, and writes nothing, where it is gone with its webhook */
export async function insertAttempt(
  queries: Queries,
  attempt: Insertable<Tables['webhook_attempts']>,
): Promise<boolean> {
  const counted = await queries
    .updateTable('webhook_messages')
    .set(({ eb }) => ({ attempts: eb('attempts', '+', 1) }))
    .where('id', '=', attempt.message_id)
    .executeTakeFirst();
  if (counted.numUpdatedRows === 0n) return false;
  await queries.insertInto('webhook_attempts').values(attempt).execute();
  return true;
}

/** Ends a message. Delivered it may be also when it had ended otherwise meanwhile. */
export async function endMessage(
  queries: Queries,
  id: string,
  status: Exclude<MessageStatus, 'Pending'>,
  at: number,
): Promise<void> {
  const end = queries.updateTable('webhook_messages').set({ status, ended_at: at }).where('id', '=', id);
  await (status === 'Delivered' ? end : end.where('status', '=', PENDING)).execute();
}

/** Has a message that waits be sent no sooner than `dueAt`. */
export async function postponeMessage(queries: Queries, id: string, dueAt: number): Promise<void> {
  await queries
    .updateTable('webhook_messages')
    .set({ due_at: dueAt })
    .where('id', '=', id)
    .where('status', '=', PENDING)
    .execute();
}

/** Gives up everything that a webhook has waiting. */
export async function failPendingMessages(queries: Queries, webhookId: string, at: number): Promise<void> {
  await queries
    .updateTable('webhook_messages')
    .set({ status: 'Failed', ended_at: at })
    .where('webhook_id', '=', webhookId)
    .where('status', '=', PENDING)
    .execute();
}

/**
 * Has a message be sent once more, whatever became of it, under the id that its receiver knows it by; a webhook that
 * rests is woken for it.
 *
 * @returns false when there is none
 */
export async function resendMessage(queries: Queries, id: string, at: number): Promise<boolean> {
  const row = await queries
    .updateTable('webhook_messages')
    .set({ status: 'Pending', ended_at: null, due_at: at })
    .where('id', '=', id)
    .returning('webhook_id')
    .executeTakeFirst();
  if (row === undefined) return false;
  await queries.updateTable('webhooks').set({ rests_until: 0 }).where('id', '=', row.webhook_id).execute();
  noteChange(queries, 'messages');
  return true;
}

/** Deletes messages that ended long ago, with their attempts: the oldest, up to a number. @returns how many */
export async function deleteMessagesEndedBefore(queries: Queries, time: number, limit: number): Promise<number> {
  const messages = queries.selectFrom('webhook_messages').select('id');
  const page = await messages
    .where('ended_at', 'is not', null)
    .where('ended_at', '<', time)
    .orderBy('ended_at')
    .limit(limit)
    .execute();
  return await deleteMessages(queries, page);
}

/** Deletes messages to the webhooks of an app, with their attempts, up to a number. @returns how many */
export async function deleteMessagesOf(queries: Queries, appKey: string, limit: number): Promise<number> {
  const messages = queries.selectFrom('webhook_messages').select('id');
  const webhooks = queries.selectFrom('webhooks').select('id').where('app_id', '=', appKey);
  return await deleteMessages(queries, await messages.where('webhook_id', 'in', webhooks).limit(limit).execute());
}

/** Deletes messages with their attempts. @returns how many */
export async function deleteMessages(queries: Queries, page: readonly { readonly id: string }[]): Promise<number> {
  const ids = page.map(({ id }) => id);
  if (ids.length === 0) return 0;
  await queries.deleteFrom('webhook_attempts').where('message_id', 'in', ids).execute();
  await queries.deleteFrom('webhook_messages').where('id', 'in', ids).execute();
  return ids.length;
}

/** How many messages wait. */
export async function countPendingMessages(queries: Queries): Promise<number> {
  const { count } = await queries
    .selectFrom('webhook_messages')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('status', '=', PENDING)
    .executeTakeFirstOrThrow();
  return Number(count);
}
