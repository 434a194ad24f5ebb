import type { WebhookAttemptRow, WebhookMessageRow, WebhookRow } from '../database/schema.ts';
import type { WebhookDescription } from '../operations/describe-webhook.ts';
import {
  HIDDEN,
  type WireAttempt,
  type WireMessage,
  type WireMessageDetail,
  type WireWebhook,
  type WireWebhookDetail,
} from '../protocol/webhooks.ts';

export function presentWebhook(row: WebhookRow): WireWebhook {
  return {
    id: row.id,
    name: row.name,
    url: row.url,
    eventTypes: JSON.parse(row.event_types),
    isActive: row.is_active === 1,
    note: row.note,
    failures: row.failures,
    failingSince: presentTime(row.failing_since),
  };
}

/** @param secret of a webhook that was given it by the call that is answered; of any other it is hidden */
export function presentWebhookDetail(
  row: WebhookRow,
  { headerKeys, formerUntil, trouble }: WebhookDescription,
  secret: string | undefined,
): WireWebhookDetail {
  const { note, failures, failingSince, ...webhook } = presentWebhook(row);
  return {
    ...webhook,
    validationSecret: secret ?? HIDDEN,
    headers: headerKeys.map((key) => ({ key, value: HIDDEN })),
    note: trouble ?? note,
    failures,
    failingSince,
    formerSecretUntil: presentTime(formerUntil ?? null),
    createdAt: formatTime(row.created_at),
  };
}

/** @param last undefined where it was not tried yet */
export function presentMessage(row: WebhookMessageRow, last: WebhookAttemptRow | undefined): WireMessage {
  return {
    id: row.id,
    eventType: row.event_type,
    status: row.status,
    isTest: row.is_test === 1,
    attempts: row.attempts,
    createdAt: formatTime(row.created_at),
    dueAt: row.status === 'Pending' ? formatTime(row.due_at) : null,
    endedAt: presentTime(row.ended_at),
    lastAttempt: last === undefined ? null : presentOutcome(last),
  };
}

/** @param attempts the newest first */
export function presentMessageDetail(
  row: WebhookMessageRow,
  attempts: readonly WebhookAttemptRow[],
): WireMessageDetail {
  return {
    ...presentMessage(row, attempts[0]),
    payload: JSON.parse(row.payload),
    log: attempts.map(presentAttempt),
  };
}

function presentAttempt(row: WebhookAttemptRow): WireAttempt {
  return {
    ...presentOutcome(row),
    url: row.url,
    requestHeaders: JSON.parse(row.request_headers),
    responseHeaders: row.response_headers === null ? null : JSON.parse(row.response_headers),
    responseBody: row.response_body,
  };
}

function presentOutcome({ at, duration_ms, response_status, error }: WebhookAttemptRow) {
  return { time: formatTime(at), durationMs: duration_ms, responseStatus: response_status, error };
}

const formatTime = (at: number): string => new Date(at).toISOString();
const presentTime = (at: number | null): string | null => (at === null ? null : formatTime(at));
