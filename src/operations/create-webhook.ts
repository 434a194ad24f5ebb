import { randomBytes, randomUUID } from 'node:crypto';
import { findApp } from '../database/apps.ts';
import { insertAuditEntry } from '../database/audit.ts';
import type { Database } from '../database/database.ts';
import type { AppRow, WebhookRow } from '../database/schema.ts';
import type { User } from '../database/users.ts';
import { countWebhooks, insertWebhook } from '../database/webhooks.ts';
import { Refusal } from '../domain/refusal.ts';
import { keepHiddenHeaders } from '../domain/webhook-headers.ts';
import { requireNewWebhook, type WebhookRequest } from '../domain/webhook-request.ts';
import { WEBHOOK_LIMITS } from '../protocol/webhooks.ts';
import type { SecretBox } from '../secrets/secret-box.ts';
import { parseWebhookUrl } from '../webhooks/webhook-url.ts';
import { getWebhook } from './get-webhook.ts';
import { sealWebhookHeaders, sealWebhookSecrets } from './webhook-secrets.ts';

export interface WriteWebhookDeps {
  readonly database: Database;
  readonly secretBox: SecretBox;
  /** Where webhooks may be sent beside the public internet. */
  readonly webhookNetworks: readonly string[];
  readonly clock: () => number;
}

/** A webhook as it was just written. */
export interface WrittenWebhook {
  readonly row: WebhookRow;
  /** What it signs with, where this call has set it: the one time that it is told. */
  readonly secret: string | undefined;
}

/**
 * Gives an app a webhook, with a secret of its own where none is given. It is told of what happens from then on.
 *
 * @throws Refusal INVALID_PARAMETERS, APP_NOT_FOUND
 */
export async function createWebhook(
  deps: WriteWebhookDeps,
  args: { readonly user: User; readonly app: AppRow; readonly request: WebhookRequest },
): Promise<WrittenWebhook> {
  const { database, secretBox, clock } = deps;
  const { user, app } = args;
  const { name, url, eventTypes, isActive, validationSecret, headers = [] } = requireNewWebhook(args.request);
  const place = { id: `mxep_${randomUUID().replaceAll('-', '')}`, app_id: app.id };
  const secret = validationSecret ?? `whsec_${randomBytes(32).toString('base64')}`;
  const at = clock();
  const row = {
    ...place,
    name,
    url: parseAddress(deps, url),
    event_types: JSON.stringify(eventTypes),
    is_active: isActive === false ? 0 : 1,
    secrets: sealWebhookSecrets(secretBox, place, { current: secret }),
    headers: sealWebhookHeaders(secretBox, place, keepHiddenHeaders(headers, [])),
    note: null,
    created_at: at,
  };
  return await database.transaction(async (queries) => {
    if ((await findApp(queries, app.id)) === undefined) throw new Refusal('APP_NOT_FOUND');
    if ((await countWebhooks(queries, app.id)) >= WEBHOOK_LIMITS.perApp) {
      const message = `The app '${app.app_id}' has ${WEBHOOK_LIMITS.perApp} webhooks already: delete one first.`;
      throw new Refusal('INVALID_PARAMETERS', message);
    }
    await insertWebhook(queries, row);
    const entry = { login: user.login, action: 'webhook.create', subject: app.app_id, detail: `${row.id} ${name}` };
    await insertAuditEntry(queries, { at, ...entry });
    return { row: await getWebhook(queries, app, row.id), secret };
  });
}

/** @throws Refusal INVALID_PARAMETERS, with the parameter */
export function parseAddress({ webhookNetworks }: Pick<WriteWebhookDeps, 'webhookNetworks'>, url: string): string {
  try {
    return parseWebhookUrl(url, webhookNetworks);
  } catch (cause) {
    if (!(cause instanceof Refusal)) throw cause;
    throw new Refusal(cause.code, cause.message, { cause, parameter: 'url' });
  }
}
