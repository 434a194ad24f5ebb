import { randomBytes, randomUUID } from 'node:crypto';
import type { Database } from '../../src/database/database.ts';
import type { WebhookRow } from '../../src/database/schema.ts';
import { findAnyWebhook, insertWebhook } from '../../src/database/webhooks.ts';
import {
  sealWebhookHeaders,
  sealWebhookSecrets,
  type WebhookHeader,
  type WebhookSecrets,
} from '../../src/operations/webhook-secrets.ts';
import { EVENT_TYPES, type EventType } from '../../src/protocol/webhook-events.ts';
import type { SecretBox } from '../../src/secrets/secret-box.ts';
import { inDatabaseOf, secretBoxOf } from './stores.ts';

/** What its messages are signed with where a test says nothing else. */
export const MESSAGE_SECRET = `whsec_${randomBytes(32).toString('base64')}`;

export interface NewWebhook {
  readonly url: string;
  /** Every event, unless said. */
  readonly eventTypes?: readonly EventType[];
  readonly secrets?: WebhookSecrets;
  readonly headers?: readonly WebhookHeader[];
  readonly isActive?: boolean;
  readonly createdAt?: number;
}

/** Writes a webhook of an app. @param appKey the `id` of the app's row */
export async function addWebhook(
  database: Database,
  box: SecretBox,
  appKey: string,
  given: NewWebhook,
): Promise<WebhookRow> {
  const id = `mxep_${randomUUID().replaceAll('-', '')}`;
  const place = { id, app_id: appKey };
  const row = {
    ...place,
    name: 'Test',
    url: given.url,
    event_types: JSON.stringify(given.eventTypes ?? EVENT_TYPES),
    is_active: given.isActive === false ? 0 : 1,
    secrets: sealWebhookSecrets(box, place, given.secrets ?? { current: MESSAGE_SECRET }),
    headers: sealWebhookHeaders(box, place, given.headers ?? []),
    created_at: given.createdAt ?? 1,
  };
  await database.transaction((queries) => insertWebhook(queries, row));
  const written = await findAnyWebhook(database.read, id);
  if (written === undefined) throw new Error('The webhook was not written.');
  return written;
}

/** Writes a webhook of an app into the data folder of a server, which may run. @returns its id */
export function addWebhookTo(dataFolder: string, appId: string, given: NewWebhook): Promise<string> {
  return inDatabaseOf(dataFolder, async (database) => {
    const box = await secretBoxOf(dataFolder);
    const app = await database.read
      .selectFrom('apps')
      .select('id')
      .where('app_id', '=', appId as never)
      .executeTakeFirst();
    if (box === undefined || app === undefined) throw new Error(`There is no key, or no app ${appId}.`);
    return (await addWebhook(database, box, app.id, given)).id;
  });
}
