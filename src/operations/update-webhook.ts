import { isDeepStrictEqual } from 'node:util';
import { insertAuditEntry } from '../database/audit.ts';
import type { AppRow, WebhookRow } from '../database/schema.ts';
import type { User } from '../database/users.ts';
import { hurryMessages } from '../database/webhook-log.ts';
import { deactivateWebhook, updateWebhook as updateRow } from '../database/webhooks.ts';
import { Refusal } from '../domain/refusal.ts';
import { type GivenHeader, keepHiddenHeaders } from '../domain/webhook-headers.ts';
import type { WebhookRequest } from '../domain/webhook-request.ts';
import { HIDDEN } from '../protocol/webhooks.ts';
import { type SecretBox, SecretUnreadable } from '../secrets/secret-box.ts';
import { parseAddress, type WriteWebhookDeps, type WrittenWebhook } from './create-webhook.ts';
import { getWebhook } from './get-webhook.ts';
import {
  openWebhookHeaders,
  openWebhookSecrets,
  sealWebhookHeaders,
  sealWebhookSecrets,
  type WebhookSecrets,
} from './webhook-secrets.ts';

/** How long a secret that was replaced signs beside the new one: receivers have a day to change over. */
const FORMER_SIGNS_MS = 24 * 60 * 60 * 1000;

/** Of a webhook that nothing is held against. */
const FRESH = { note: null, failures: 0, failing_since: null, rests_until: 0 } as const;

/**
 * Changes a webhook. What nothing is said of stays as it is. Another secret begins a rotation. What may have mended it
 * (another address, secret or headers, and being activated) lets bygones be bygones: what waits is sent at once. What
 * waits for one that is made inactive is given up.
 *
 * @throws Refusal WEBHOOK_NOT_FOUND, INVALID_PARAMETERS
 */
export async function updateWebhook(
  deps: WriteWebhookDeps,
  args: { readonly user: User; readonly app: AppRow; readonly webhookId: string; readonly request: WebhookRequest },
): Promise<WrittenWebhook> {
  const { database, secretBox, clock } = deps;
  const { user, app, webhookId, request } = args;
  const at = clock();
  return await database.transaction(async (queries) => {
    const row = await getWebhook(queries, app, webhookId);
    const rotated = rotate(secretBox, row, request.validationSecret, at);
    const changes = changesOf(deps, row, request, rotated);
    checkCanSign(row, changes);
    if (Object.keys(changes).length > 0) await updateRow(queries, row.id, changes);
    if (isMended(row, changes)) await hurryMessages(queries, row.id, at);
    if (row.is_active === 1 && changes.is_active === 0) await deactivateWebhook(queries, row.id, { at, note: null });
    const audit = (action: string, detail: string) =>
      insertAuditEntry(queries, { at, login: user.login, action, subject: app.app_id, detail });
    await audit('webhook.update', [row.id, ...Object.keys(request)].join(' '));
    if (rotated !== undefined) await audit('webhook.rotate', `${row.id} ${changes.name ?? row.name}`);
    const isGiven = request.validationSecret !== HIDDEN;
    return { row: { ...row, ...changes }, secret: isGiven ? request.validationSecret : undefined };
  });
}

function changesOf(
  deps: WriteWebhookDeps,
  row: WebhookRow,
  { name, url, eventTypes, isActive, headers }: WebhookRequest,
  rotated: WebhookSecrets | undefined,
): Partial<WebhookRow> {
  const { secretBox } = deps;
  const changes = {
    ...(name !== undefined && { name }),
    ...(url !== undefined && { url: parseAddress(deps, url) }),
    ...(eventTypes !== undefined && { event_types: JSON.stringify(eventTypes) }),
    ...(isActive !== undefined && { is_active: isActive ? 1 : 0 }),
    ...(rotated !== undefined && { secrets: sealWebhookSecrets(secretBox, row, rotated) }),
    ...(headers !== undefined && { headers: changeHeaders(secretBox, row, headers) }),
  };
  return isMended(row, changes) ? { ...changes, ...FRESH } : changes;
}

/** Whether what it failed at may go well from now on. One that stays inactive keeps saying why. */
function isMended(row: WebhookRow, changes: Partial<WebhookRow>): boolean {
  const { url, is_active, secrets, headers } = { ...row, ...changes };
  if (is_active === 0) return false;
  return row.is_active === 0 || url !== row.url || secrets !== row.secrets || headers !== row.headers;
}

/** @returns what it signs with from then on; undefined where that does not change */
function rotate(box: SecretBox, row: WebhookRow, given: string | undefined, at: number): WebhookSecrets | undefined {
  if (given === undefined || given === HIDDEN) return undefined;
  const kept = row.secrets === '' ? undefined : ifReadable(() => openWebhookSecrets(box, row));
  if (kept === undefined) return { current: given };
  if (kept.current === given) return undefined;
  return { current: given, former: { secret: kept.current, until: at + FORMER_SIGNS_MS } };
}

/** Where they cannot be read any more, all of them have to be said again. @returns what is there for the same ones */
function changeHeaders(box: SecretBox, row: WebhookRow, given: readonly GivenHeader[]): string | null {
  const former = ifReadable(() => openWebhookHeaders(box, row));
  const headers = keepHiddenHeaders(given, former ?? []);
  return isDeepStrictEqual(headers, former) ? row.headers : sealWebhookHeaders(box, row, headers);
}

function checkCanSign(row: WebhookRow, changes: Partial<WebhookRow>): void {
  const { is_active, secrets, name } = { ...row, ...changes };
  if (is_active === 0 || secrets !== '') return;
  const message = `The secret of the webhook '${name}' was lost: give it a new validationSecret to activate it.`;
  throw new Refusal('INVALID_PARAMETERS', message, { parameter: 'validationSecret' });
}

function ifReadable<T>(open: () => T): T | undefined {
  try {
    return open();
  } catch (error) {
    if (error instanceof SecretUnreadable) return undefined;
    throw error;
  }
}
