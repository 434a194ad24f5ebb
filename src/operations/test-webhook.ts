import { insertAuditEntry } from '../database/audit.ts';
import type { Database } from '../database/database.ts';
import type { AppRow, WebhookMessageRow } from '../database/schema.ts';
import { insertMessage } from '../database/tell-webhooks.ts';
import type { User } from '../database/users.ts';
import { samplePayload } from '../domain/sample-payload.ts';
import type { EventType } from '../protocol/webhook-events.ts';
import { getActiveWebhook, getMessage } from './get-webhook.ts';

/**
 * Tells a webhook of something that did not happen, so that its receiver can be seen to work: an event of any kind, also
 * one that it is not told of otherwise.
 *
 * @param args `eventType`: the first that it is told of where undefined
 * @returns the message, which is due
 * @throws Refusal WEBHOOK_NOT_FOUND, WEBHOOK_NOT_ACTIVE
 */
export async function testWebhook(
  { database, clock }: { readonly database: Database; readonly clock: () => number },
  args: {
    readonly user: User;
    readonly app: AppRow;
    readonly webhookId: string;
    readonly eventType: EventType | undefined;
  },
): Promise<WebhookMessageRow> {
  const { user, app, webhookId } = args;
  const at = clock();
  return await database.transaction(async (queries) => {
    const webhook = await getActiveWebhook(queries, app, webhookId);
    const [first = 'package.uploaded']: EventType[] = JSON.parse(webhook.event_types);
    const eventType = args.eventType ?? first;
    const payload = samplePayload(eventType, app, at);
    const id = await insertMessage(queries, { webhookId, eventType, payload, at, isTest: true });
    const detail = `${webhookId} ${eventType} ${id}`;
    await insertAuditEntry(queries, { at, login: user.login, action: 'webhook.test', subject: app.app_id, detail });
    return await getMessage(queries, webhook, id);
  });
}
