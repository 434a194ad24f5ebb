import { insertAuditEntry } from '../database/audit.ts';
import type { Database } from '../database/database.ts';
import type { AppRow } from '../database/schema.ts';
import type { User } from '../database/users.ts';
import { deleteWebhookRow } from '../database/webhooks.ts';
import { getWebhook } from './get-webhook.ts';

/**
 * Deletes a webhook with its log, and with what it has not been told yet.
 *
 * @throws Refusal WEBHOOK_NOT_FOUND
 */
export async function deleteWebhook(
  { database, clock }: { readonly database: Database; readonly clock: () => number },
  { user, app, webhookId }: { readonly user: User; readonly app: AppRow; readonly webhookId: string },
): Promise<void> {
  await database.transactionInReserve(async (queries) => {
    const { id, name } = await getWebhook(queries, app, webhookId);
    await deleteWebhookRow(queries, id);
    const entry = { login: user.login, action: 'webhook.delete', subject: app.app_id, detail: `${id} ${name}` };
    await insertAuditEntry(queries, { at: clock(), ...entry });
  });
}
