import { insertAuditEntry } from '../database/audit.ts';
import type { Database, Queries } from '../database/database.ts';
import type { AppRow, WebhookMessageRow } from '../database/schema.ts';
import type { User } from '../database/users.ts';
import { listFailedMessages } from '../database/webhook-log.ts';
import { resendMessage } from '../database/webhook-messages.ts';
import type { Redelivered } from '../protocol/webhooks.ts';
import { getActiveWebhook, getMessage } from './get-webhook.ts';

export interface RedeliverDeps {
  readonly database: Database;
  readonly clock: () => number;
}

interface Subject {
  readonly user: User;
  readonly app: AppRow;
  readonly webhookId: string;
}

/** Renewed in one transaction, which others wait for. */
const MOST_AT_ONCE = 250;

/**
 * Has a message sent again, whatever became of it, under the same id; one that waits for its next attempt has it now.
 *
 * @throws Refusal WEBHOOK_NOT_FOUND, WEBHOOK_NOT_ACTIVE, MESSAGE_NOT_FOUND
 */
export async function redeliverMessage(
  { database, clock }: RedeliverDeps,
  { messageId, ...subject }: Subject & { readonly messageId: string },
): Promise<WebhookMessageRow> {
  const at = clock();
  return await database.transaction(async (queries) => {
    const webhook = await getActiveWebhook(queries, subject.app, subject.webhookId);
    const { id } = await getMessage(queries, webhook, messageId);
    await resend(queries, subject, [id], { at, detail: id });
    return await getMessage(queries, webhook, id);
  });
}

/**
 * Has the messages of a webhook that Failed sent again: the oldest {@link MOST_AT_ONCE} at most.
 *
 * @param args `since`: leaves out what happened before, in milliseconds since 1970
 * @throws Refusal WEBHOOK_NOT_FOUND, WEBHOOK_NOT_ACTIVE
 */
export async function redeliverFailed(
  { database, clock }: RedeliverDeps,
  { since, ...subject }: Subject & { readonly since: number },
): Promise<Redelivered> {
  const at = clock();
  return await database.transaction(async (queries) => {
    const { id } = await getActiveWebhook(queries, subject.app, subject.webhookId);
    const found = await listFailedMessages(queries, id, { since, limit: MOST_AT_ONCE + 1 });
    const failed = found.slice(0, MOST_AT_ONCE);
    if (failed.length > 0) await resend(queries, subject, failed, { at, detail: `${failed.length} that Failed` });
    return { redelivered: failed.length, hasMore: found.length > failed.length };
  });
}

async function resend(
  queries: Queries,
  { user, app, webhookId }: Subject,
  ids: readonly string[],
  { at, detail }: { readonly at: number; readonly detail: string },
): Promise<void> {
  for (const id of ids) await resendMessage(queries, id, at);
  await insertAuditEntry(queries, {
    at,
    login: user.login,
    action: 'webhook.redeliver',
    subject: app.app_id,
    detail: `${webhookId} ${detail}`,
  });
}
