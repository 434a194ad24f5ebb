import type { BlobStore } from '../blob/blob-store.ts';
import type { Database } from '../database/database.ts';
import type { AppRow } from '../database/schema.ts';
import type { Deployments } from '../deployment/deployments.ts';
import type { Metrics } from '../metrics/metrics.ts';
import { buildPushes } from '../operations/build-pushes.ts';
import { openWebhookHeaders, openWebhookSecrets } from '../operations/webhook-secrets.ts';
import { deployEffect } from '../outbox/deploy-effect.ts';
import { Lanes } from '../outbox/lanes.ts';
import { messageLanes } from '../outbox/message-lanes.ts';
import { Outbox } from '../outbox/outbox.ts';
import { pushLanes } from '../outbox/push-lanes.ts';
import { tagEffect } from '../outbox/tag-effect.ts';
import type { Repository } from '../repository/repository.ts';
import type { SecretBox } from '../secrets/secret-box.ts';
import type { Tracing } from '../tracing/tracing.ts';
import type { ReportError } from './core.ts';

export interface OpenOutboxOptions {
  readonly database: Database;
  readonly blobs: BlobStore;
  readonly secretBox: SecretBox;
  readonly deployments: Deployments;
  readonly metrics: Metrics;
  readonly tracing: Tracing;
  readonly repositoryOf: (app: AppRow) => Repository;
  /** Addresses and networks that webhooks may reach beside the public internet. */
  readonly webhookNetworks: readonly string[];
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  readonly report: ReportError;
}

/** What must happen once a transaction has committed: see `outbox/`. */
export interface OpenedOutbox {
  /** Does what is due, from now on. */
  start(): void;
  /** Abandons what is under way; it is done again after the next start. */
  stop(): Promise<void>;
}

/** How long a receiver may take: it is to remember the message, and to act on it later. */
const ANSWER_MS = 15_000;

export function openOutbox(options: OpenOutboxOptions): OpenedOutbox {
  const { database } = options;
  const effects = openEffects(options);
  const messages = openMessages(options);
  const pushes = openPushes(options);
  const woken = [
    ['outbox', effects],
    ['messages', messages],
    ['pushes', pushes],
  ] as const;
  const stops: (() => void)[] = [];
  return {
    start() {
      for (const [topic, lanes] of woken) {
        stops.push(database.onChange(topic, () => lanes.wake()));
        lanes.wake();
      }
    },
    async stop() {
      for (const stop of stops) stop();
      await Promise.all(woken.map(([, lanes]) => lanes.stop()));
    },
  };
}

function openEffects({ report, ...deps }: OpenOutboxOptions): Outbox {
  return new Outbox({
    ...deps,
    effects: {
      tag: tagEffect(deps),
      deploy: deployEffect({ ...deps, onError: (error) => report(error, 'a free app could not be deployed') }),
    },
    onError: (error) => report(error, 'the outbox could not go on'),
  });
}

function openMessages({ report, secretBox, webhookNetworks, ...deps }: OpenOutboxOptions): Lanes {
  const source = messageLanes({
    ...deps,
    post: { networks: webhookNetworks, answerMs: ANSWER_MS },
    openSecrets: (webhook) => ({
      secrets: openWebhookSecrets(secretBox, webhook),
      headers: openWebhookHeaders(secretBox, webhook),
    }),
  });
  const onError = (error: unknown) => report(error, 'messages to webhooks could not be delivered');
  return new Lanes({ source, clock: deps.clock, onError });
}

function openPushes({ report, ...deps }: OpenOutboxOptions): Lanes {
  const building = {
    ...deps,
    onError: (error: unknown, id: string) => report(error, `the push ${id} met an error`),
  };
  const source = pushLanes({ ...deps, build: (appKey, signal) => buildPushes(building, appKey, signal) });
  const onError = (error: unknown) => report(error, 'pushes could not be seen to');
  return new Lanes({ source, clock: deps.clock, onError });
}
