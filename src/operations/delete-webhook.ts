import { insertAuditEntry } from '../database/audit.ts';
import type { Database } from '../database/database.ts';
import type { AppRow } from '../database/schema.ts';
import type { User } from '../database/users.ts';
import { deleteMessagesOfWebhook } from '../database/webhook-log.ts';
import { deleteWebhookRow, updateWebhook } from '../database/webhooks.ts';
import { getWebhook } from './get-webhook.ts';

/** Deleted in one transaction: a few milliseconds, and less than the reserve of the database. */
const PAGE = 250;

/**
 * Deletes a webhook with its log, and with what it has not been told yet: the log first and a page at a time, so that
 * others have their turn in between. A crash meanwhile leaves the webhook inactive, to be deleted again.
 *
 * @throws Refusal WEBHOOK_NOT_FOUND
 */
export async function deleteWebhook(
  { database, clock }: { readonly database: Database; readonly clock: () => number },
  { user, app, webhookId }: { readonly user: User; readonly app: AppRow; readonly webhookId: string },
): Promise<void> {
  await database.transactionInReserve(async (queries) => {
    const { id } = await getWebhook(queries, app, webhookId);
    // What waits is not given up first, for that would be all of it at once: nothing is sent to it any more.
    await updateWebhook(queries, id, { is_active: 0, note: 'It is being deleted.' });
  });
  const removePage = () =>
    database.transactionInReserve((queries) => deleteMessagesOfWebhook(queries, webhookId, PAGE));
  while ((await removePage()) === PAGE);
  await database.transactionInReserve(async (queries) => {
    const { id, name } = await getWebhook(queries, app, webhookId);
    await deleteWebhookRow(queries, id);
    const entry = { login: user.login, action: 'webhook.delete', subject: app.app_id, detail: `${id} ${name}` };
    await insertAuditEntry(queries, { at: clock(), ...entry });
  });
}
