import type { Insertable } from 'kysely';
import { noteChange } from './change-notices.ts';
import type { Queries } from './database.ts';
import { type PageOfRows, type PageRequest, readPage } from './page-by-sequence.ts';
import type { Tables, WebhookRow } from './schema.ts';
import { failPendingMessages } from './webhook-messages.ts';

/** What of a webhook is sealed. */
export const WEBHOOK_SECRET_PARTS = ['secrets', 'headers'] as const;
export type WebhookSecretPart = (typeof WEBHOOK_SECRET_PARTS)[number];

export async function insertWebhook(queries: Queries, row: Insertable<Tables['webhooks']>): Promise<void> {
  await queries.insertInto('webhooks').values(row).execute();
}

/** Finds a webhook by its id: for the server itself, never for a client. */
export function findAnyWebhook(queries: Queries, id: string): Promise<WebhookRow | undefined> {
  return queries.selectFrom('webhooks').selectAll().where('id', '=', id).executeTakeFirst();
}

/** Whether anybody is told of what happens to an app. */
export async function hasActiveWebhook(queries: Queries, appKey: string): Promise<boolean> {
  const active = queries.selectFrom('webhooks').select('id').where('app_id', '=', appKey).where('is_active', '=', 1);
  return (await active.limit(1).executeTakeFirst()) !== undefined;
}

/** Finds a webhook that may be sent something: it is active, and its app was not deleted. */
export function findActiveWebhook(queries: Queries, id: string): Promise<WebhookRow | undefined> {
  return queries
    .selectFrom('webhooks')
    .innerJoin('apps', 'apps.id', 'webhooks.app_id')
    .selectAll('webhooks')
    .where('webhooks.id', '=', id)
    .where('is_active', '=', 1)
    .where('apps.deleted_at', 'is', null)
    .executeTakeFirst();
}

/** Finds a webhook of an app. */
export function findWebhook(queries: Queries, appKey: string, id: string): Promise<WebhookRow | undefined> {
  return queries
    .selectFrom('webhooks')
    .selectAll()
    .where('app_id', '=', appKey)
    .where('id', '=', id)
    .executeTakeFirst();
}

/** The webhooks of an app, by their creation. */
export function pageWebhooks(queries: Queries, appKey: string, page: PageRequest): Promise<PageOfRows<WebhookRow>> {
  return readPage(page, ({ past, order, limit }) =>
    queries
      .selectFrom('webhooks')
      .selectAll()
      .where('app_id', '=', appKey)
      .where('sequence', ...past)
      .orderBy('sequence', order)
      .limit(limit)
      .execute(),
  );
}

export async function countWebhooks(queries: Queries, appKey: string): Promise<number> {
  const { count } = await queries
    .selectFrom('webhooks')
    .select(({ fn }) => fn.countAll().as('count'))
    .where('app_id', '=', appKey)
    .executeTakeFirstOrThrow();
  return Number(count);
}

/** What waits for it may be due then. */
export async function updateWebhook(
  queries: Queries,
  id: string,
  changes: Partial<Omit<WebhookRow, 'id' | 'sequence' | 'app_id'>>,
): Promise<void> {
  await queries.updateTable('webhooks').set(changes).where('id', '=', id).execute();
  noteChange(queries, 'messages');
}

/** Makes a webhook inactive, and gives up what it has waiting. @param note why, where it was not a person who did it */
export async function deactivateWebhook(
  queries: Queries,
  id: string,
  { at, note }: { readonly at: number; readonly note: string | null },
): Promise<void> {
  await updateWebhook(queries, id, { is_active: 0, note });
  await failPendingMessages(queries, id, at);
}

/** Deletes a webhook, what it was told, and what it still would have been. */
export async function deleteWebhookRow(queries: Queries, id: string): Promise<void> {
  const messages = queries.selectFrom('webhook_messages').select('id').where('webhook_id', '=', id);
  await queries.deleteFrom('webhook_attempts').where('message_id', 'in', messages).execute();
  await queries.deleteFrom('webhook_messages').where('webhook_id', '=', id).execute();
  await queries.deleteFrom('webhooks').where('id', '=', id).execute();
}

/** Deletes the webhooks of an app. */
export async function deleteWebhooksOf(queries: Queries, appKey: string): Promise<void> {
  const rows = await queries.selectFrom('webhooks').select('id').where('app_id', '=', appKey).execute();
  for (const { id } of rows) await deleteWebhookRow(queries, id);
}
