import type { Database } from '../database/database.ts';
import type { Metrics } from '../metrics/metrics.ts';
import { openWebhookHeaders, openWebhookSecrets } from '../operations/webhook-secrets.ts';
import { Lanes } from '../outbox/lanes.ts';
import { messageLanes } from '../outbox/message-lanes.ts';
import type { SecretBox } from '../secrets/secret-box.ts';
import type { Configuration } from './configuration.ts';
import type { ReportError } from './core.ts';

export interface OpenMessageLanesOptions {
  readonly configuration: Configuration;
  readonly database: Database;
  readonly secretBox: SecretBox;
  readonly metrics: Metrics;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  readonly report: ReportError;
}

/** How long a receiver may take: it is to remember the message, and to act on it later. */
const ANSWER_MS = 15_000;

/** What delivers messages to webhooks, once it is woken: from then on whenever one is due. */
export function openMessageLanes(options: OpenMessageLanesOptions): Lanes {
  const { configuration, database, secretBox, metrics, clock, report } = options;
  const source = messageLanes({
    database,
    metrics,
    clock,
    post: { networks: configuration.webhookNetworks, answerMs: ANSWER_MS },
    openSecrets: (webhook) => ({
      secrets: openWebhookSecrets(secretBox, webhook),
      headers: openWebhookHeaders(secretBox, webhook),
    }),
  });
  return new Lanes({ source, clock, onError: (error) => report(error, 'messages to webhooks could not be delivered') });
}
