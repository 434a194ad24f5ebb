import type { Queries } from '../database/database.ts';
import type { AppRow, WebhookMessageRow, WebhookRow } from '../database/schema.ts';
import { findMessage } from '../database/webhook-log.ts';
import { findWebhook } from '../database/webhooks.ts';
import { quote, Refusal } from '../domain/refusal.ts';

/** A webhook of an app. @throws Refusal WEBHOOK_NOT_FOUND */
export async function getWebhook(queries: Queries, app: AppRow, id: string): Promise<WebhookRow> {
  const found = await findWebhook(queries, app.id, id);
  if (found !== undefined) return found;
  const advice = `see 'slipway webhook list ${app.app_id}'`;
  throw new Refusal('WEBHOOK_NOT_FOUND', `The app '${app.app_id}' has no webhook ${quote(id)}: ${advice}.`);
}

/** A webhook that is sent what it is told. @throws Refusal WEBHOOK_NOT_FOUND, WEBHOOK_NOT_ACTIVE */
export async function getActiveWebhook(queries: Queries, app: AppRow, id: string): Promise<WebhookRow> {
  const webhook = await getWebhook(queries, app, id);
  if (webhook.is_active === 1) return webhook;
  const why = webhook.note === null ? '' : ` (${webhook.note})`;
  const advice = `activate it first, as 'slipway webhook update ${app.app_id} ${id} --active' does`;
  throw new Refusal('WEBHOOK_NOT_ACTIVE', `The webhook '${webhook.name}' is not active${why}: ${advice}.`);
}

/** A message of a webhook. @throws Refusal MESSAGE_NOT_FOUND */
export async function getMessage(queries: Queries, webhook: WebhookRow, id: string): Promise<WebhookMessageRow> {
  const found = await findMessage(queries, webhook.id, id);
  if (found !== undefined) return found;
  const why = 'it never had it, or it was removed after a while';
  throw new Refusal('MESSAGE_NOT_FOUND', `The webhook '${webhook.name}' has no message ${quote(id)}: ${why}.`);
}
