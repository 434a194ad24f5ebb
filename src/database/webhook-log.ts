import { sql } from 'kysely';
import type { MessageStatus } from '../protocol/webhook-events.ts';
import type { Queries } from './database.ts';
import { type PageOfRows, type PageRequest, readPage } from './page-by-sequence.ts';
import type { WebhookAttemptRow, WebhookMessageRow } from './schema.ts';
import { deleteMessages } from './webhook-messages.ts';

/** What webhooks were told, and how that went: for people who look, and who have it told again. */

/** Finds a message of a webhook. */
export function findMessage(queries: Queries, webhookId: string, id: string): Promise<WebhookMessageRow | undefined> {
  return queries
    .selectFrom('webhook_messages')
    .selectAll()
    .where('webhook_id', '=', webhookId)
    .where('id', '=', id)
    .executeTakeFirst();
}

/** The messages of a webhook, by when what they tell happened. @param status of those that are listed; of all without */
export function pageMessages(
  queries: Queries,
  webhookId: string,
  page: PageRequest & { readonly status: MessageStatus | undefined },
): Promise<PageOfRows<WebhookMessageRow>> {
  const { status } = page;
  // The sign has SQLite take the index of the few that wait.
  const sequence = status === 'Pending' ? sql<number>`+sequence` : 'sequence';
  return readPage(page, ({ past, order, limit }) =>
    queries
      .selectFrom('webhook_messages')
      .selectAll()
      .where('webhook_id', '=', webhookId)
      .$if(status !== undefined, (query) => query.where('status', '=', sql.lit(status ?? 'Pending')))
      // Says what the status says already: there is an index of those that have ended.
      .$if(status !== undefined && status !== 'Pending', (query) => query.where('ended_at', 'is not', null))
      .where(sequence, ...past)
      .orderBy('sequence', order)
      .limit(limit)
      .execute(),
  );
}

/** The attempts at a message, the newest first. */
export function listAttempts(queries: Queries, messageId: string, limit: number): Promise<WebhookAttemptRow[]> {
  return queries
    .selectFrom('webhook_attempts')
    .selectAll()
    .where('message_id', '=', messageId)
    .orderBy('id', 'desc')
    .limit(limit)
    .execute();
}

/** The newest attempt at each of some messages that was tried at all. */
export function listLastAttempts(queries: Queries, messageIds: readonly string[]): Promise<WebhookAttemptRow[]> {
  return queries
    .selectFrom('webhook_attempts')
    .selectAll()
    .where('id', 'in', ({ selectFrom }) =>
      selectFrom('webhook_attempts')
        .select(({ fn }) => fn.max('id').as('last'))
        .where('message_id', 'in', messageIds)
        .groupBy('message_id'),
    )
    .execute();
}

/** Has what a webhook has waiting be sent at once. */
export async function hurryMessages(queries: Queries, webhookId: string, at: number): Promise<void> {
  await queries
    .updateTable('webhook_messages')
    .set({ due_at: at })
    .where('webhook_id', '=', webhookId)
    .where('status', '=', 'Pending')
    .where('due_at', '>', at)
    .execute();
}

/** The oldest messages that Failed, but for tests. @param since leaves out what happened before */
export async function listFailedMessages(
  queries: Queries,
  webhookId: string,
  { since, limit }: { readonly since: number; readonly limit: number },
): Promise<string[]> {
  const rows = await queries
    .selectFrom('webhook_messages')
    .select('id')
    .where('webhook_id', '=', webhookId)
    .where('status', '=', 'Failed')
    .where('is_test', '=', 0)
    .where('ended_at', 'is not', null)
    .where('created_at', '>=', since)
    .orderBy('sequence')
    .limit(limit)
    .execute();
  return rows.map(({ id }) => id);
}

/** Deletes some of the messages of a webhook, with their attempts. @returns how many */
export async function deleteMessagesOfWebhook(queries: Queries, webhookId: string, limit: number): Promise<number> {
  const page = await queries
    .selectFrom('webhook_messages')
    .select('id')
    .where('webhook_id', '=', webhookId)
    .orderBy('sequence')
    .limit(limit)
    .execute();
  return await deleteMessages(queries, page);
}
