import type { WebhookRow } from '../database/schema.ts';
import type { SecretBox } from '../secrets/secret-box.ts';

/** What the messages of a webhook are signed with. */
export interface WebhookSecrets {
  readonly current: string;
  /** Signs beside the current one until `until`, in milliseconds since 1970, so that receivers can change over. */
  readonly former?: { readonly secret: string; readonly until: number };
}

/** A header that a webhook sends of its own. */
export interface WebhookHeader {
  readonly key: string;
  readonly value: string;
}

type Place = Pick<WebhookRow, 'id' | 'app_id'>;

export function sealWebhookSecrets(box: SecretBox, place: Place, secrets: WebhookSecrets): string {
  return box.seal(JSON.stringify(secrets), placeOf(place, 'secrets'));
}

export function sealWebhookHeaders(box: SecretBox, place: Place, headers: readonly WebhookHeader[]): string | null {
  return headers.length === 0 ? null : box.seal(JSON.stringify(headers), placeOf(place, 'headers'));
}

/** @throws SecretUnreadable */
export function openWebhookSecrets(box: SecretBox, row: Place & Pick<WebhookRow, 'secrets'>): WebhookSecrets {
  return JSON.parse(box.open(row.secrets, placeOf(row, 'secrets')));
}

/** @throws SecretUnreadable */
export function openWebhookHeaders(box: SecretBox, row: Place & Pick<WebhookRow, 'headers'>): readonly WebhookHeader[] {
  return row.headers === null ? [] : JSON.parse(box.open(row.headers, placeOf(row, 'headers')));
}

function placeOf({ id, app_id }: Place, part: 'secrets' | 'headers') {
  return { appKey: app_id, name: undefined, webhook: { id, part } };
}
