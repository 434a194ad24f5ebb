import type { Queries } from '../database/database.ts';
import type { WebhookMessageRow, WebhookRow } from '../database/schema.ts';
import { endMessage, insertAttempt, postponeMessage } from '../database/webhook-messages.ts';
import { deactivateWebhook, findAnyWebhook, updateWebhook } from '../database/webhooks.ts';
import { isGivenUp, nextAttemptAt, restsUntil } from '../domain/webhook-retries.ts';
import type { Delivery } from './deliver-message.ts';
import type { Verdict } from './judge-answer.ts';

type Failure = Exclude<Verdict, { kind: 'delivered' }>;

/** What became of a message: `postponed` is tried again, `given-up` is not. */
export type DeliveryOutcome = 'delivered' | 'postponed' | 'given-up';

/**
 * Writes down an attempt at a message, what became of the message, and what that says about its webhook.
 *
 * @param now milliseconds since 1970
 * @returns undefined, with nothing written, where the webhook was deleted meanwhile
 */
export async function recordDelivery(
  queries: Queries,
  message: WebhookMessageRow,
  delivery: Delivery,
  now: number,
): Promise<DeliveryOutcome | undefined> {
  const { verdict } = delivery;
  const webhook = await findAnyWebhook(queries, message.webhook_id);
  if (webhook === undefined || !(await insertAttempt(queries, describe(message, delivery)))) return undefined;
  if (verdict.kind === 'delivered') {
    await endMessage(queries, message.id, 'Delivered', now);
    await clearFailures(queries, webhook);
    return 'delivered';
  }
  // Somebody has mended it meanwhile: that says nothing about it as it is now, and the message is sent again.
  if (isChanged(delivery.webhook, webhook)) return 'postponed';
  const restsAt = await countFailure(queries, webhook, verdict, now);
  // Whoever sends a test waits for what comes of it.
  const isLast = message.is_test === 1 || isGivenUp(message.attempts + 1, message.created_at, now);
  if (isLast || verdict.kind === 'gone') {
    await endMessage(queries, message.id, 'Failed', now);
    return 'given-up';
  }
  await postponeMessage(queries, message.id, Math.max(nextAttemptAt(message.attempts + 1, now), restsAt));
  return 'postponed';
}

function isChanged(former: WebhookRow, { url, secrets, headers }: WebhookRow): boolean {
  return former.url !== url || former.secrets !== secrets || former.headers !== headers;
}

function describe(message: WebhookMessageRow, { verdict, webhook, requestHeaders, answer, at, durationMs }: Delivery) {
  const answered = answer.kind === 'answered' ? answer : undefined;
  return {
    message_id: message.id,
    at,
    duration_ms: durationMs,
    url: webhook.url,
    request_headers: JSON.stringify(requestHeaders),
    response_status: answered?.status ?? null,
    response_headers: answered === undefined ? null : JSON.stringify(answered.headers),
    response_body: answered?.text ?? null,
    error: verdict.kind === 'delivered' ? null : verdict.error,
  };
}

async function clearFailures(queries: Queries, { id, failures, rests_until }: WebhookRow): Promise<void> {
  if (failures === 0 && rests_until === 0) return;
  await updateWebhook(queries, id, { failures: 0, failing_since: null, rests_until: 0 });
}

/** Counts a failed attempt, and disables the webhook where it was one too many. @returns until when it rests */
async function countFailure(
  queries: Queries,
  { id, is_active, failures: before, failing_since, rests_until }: WebhookRow,
  failure: Failure,
  now: number,
): Promise<number> {
  const failures = before + 1;
  const since = failing_since ?? now;
  const isEndpoint = failure.kind === 'failed' && failure.isOfEndpoint;
  const restsAt = isEndpoint ? restsUntil(failures, failure.askedMs, now) : rests_until;
  await updateWebhook(queries, id, { failures, failing_since: since, rests_until: restsAt });
  const note = describeEnd(failure, isGivenUp(failures, since, now) ? since : undefined);
  if (note !== undefined && is_active === 1) {
    await deactivateWebhook(queries, id, { at: now, note: `Disabled at ${toIso(now)}: ${note}` });
  }
  return restsAt;
}

/** @param since since when every attempt has failed, where that is too long @returns undefined for none */
function describeEnd(failure: Failure, since: number | undefined): string | undefined {
  if (failure.kind === 'gone') return failure.error;
  if (since === undefined) return undefined;
  return `every attempt since ${toIso(since)} failed, the last one with this: ${failure.error}`;
}

function toIso(at: number): string {
  return new Date(at).toISOString();
}
