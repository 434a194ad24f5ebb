import { Type } from 'typebox';
import { MESSAGE_STATUSES } from '../protocol/webhook-events.ts';
import {
  MessageDetailSchema,
  MessageSchema,
  MessagesSchema,
  RedeliveredSchema,
  RedeliverSchema,
  TestWebhookSchema,
  UpsertWebhookSchema,
  WEBHOOK_LIMITS,
  WebhookDetailSchema,
  WebhooksSchema,
} from '../protocol/webhooks.ts';
import { API_ANYWHERE, NOTHING, type Operation, TRANSPORT_ANYWHERE } from './operation-description.ts';

const READ = { errorSchema: 'WebhooksError', scope: 'mx:webhook:read', needs: API_ANYWHERE } as const;
const WRITE = { errorSchema: 'WebhooksError', scope: 'mx:webhook:write', needs: TRANSPORT_ANYWHERE } as const;
const DOCUMENTED = { tag: 'Webhooks API' } as const;
const OURS = { tag: 'Webhook messages' } as const;

const ON_APP = ['INVALID_APPID', 'APP_NOT_FOUND'] as const;
const ON_WEBHOOK = [...ON_APP, 'WEBHOOK_NOT_FOUND'] as const;
const ON_ACTIVE = [...ON_WEBHOOK, 'INVALID_PARAMETERS', 'WEBHOOK_NOT_ACTIVE'] as const;
const PAGED = {
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 100 })),
  cursor: Type.Optional(Type.String({ description: 'As another page has given it.' })),
  ascOrder: Type.Optional(Type.Boolean({ default: false, description: 'The oldest first.' })),
};

/** The calls on webhooks: see `route-schemas.ts`. */
export const WEBHOOK_CALLS = {
  listWebhooks: {
    ...DOCUMENTED,
    ...READ,
    summary: 'Get webhooks',
    query: PAGED,
    answer: WebhooksSchema,
    errors: [...ON_APP, 'INVALID_PARAMETERS'],
  },
  createWebhook: {
    ...DOCUMENTED,
    ...WRITE,
    summary: 'Create a new webhook',
    description: `\`name\`, \`url\` and \`eventTypes\` are needed. An app has ${WEBHOOK_LIMITS.perApp} webhooks at most.`,
    body: UpsertWebhookSchema,
    answer: WebhookDetailSchema,
    errors: [...ON_APP, 'INVALID_PARAMETERS'],
  },
  showWebhook: {
    ...DOCUMENTED,
    ...READ,
    summary: 'Get all webhook details',
    answer: WebhookDetailSchema,
    errors: ON_WEBHOOK,
  },
  updateWebhook: {
    ...DOCUMENTED,
    ...WRITE,
    summary: 'Update a webhook',
    description:
      'What is left out stays as it is. Another secret replaces the one that is there, which signs beside it for 24 hours. Another address, secret or headers, and being activated, clear its note and its failures, and what waits is sent at once. To make it inactive gives up what waits.',
    body: UpsertWebhookSchema,
    answer: WebhookDetailSchema,
    status: 202,
    errors: [...ON_WEBHOOK, 'INVALID_PARAMETERS'],
  },
  deleteWebhook: {
    ...DOCUMENTED,
    ...WRITE,
    summary: 'Delete a webhook',
    description: 'With the log of what it was told.',
    answer: NOTHING,
    status: 204,
    errors: ON_WEBHOOK,
  },
  testWebhook: {
    ...OURS,
    ...WRITE,
    summary: 'Send a test message',
    description:
      'A message of an event that did not happen; any event will do. It is sent like every other, to an active webhook alone: the answer does not wait for that.',
    body: TestWebhookSchema,
    answer: MessageSchema,
    errors: ON_ACTIVE,
  },
  listMessages: {
    ...OURS,
    ...READ,
    summary: 'List the messages of a webhook',
    description: 'The newest first.',
    query: { ...PAGED, status: Type.Optional(Type.Enum([...MESSAGE_STATUSES], { type: 'string' })) },
    answer: MessagesSchema,
    errors: [...ON_WEBHOOK, 'INVALID_PARAMETERS'],
  },
  showMessage: {
    ...OURS,
    ...READ,
    summary: 'Show a message, and how it went',
    answer: MessageDetailSchema,
    errors: [...ON_WEBHOOK, 'MESSAGE_NOT_FOUND'],
  },
  redeliverMessage: {
    ...OURS,
    ...WRITE,
    summary: 'Send a message again',
    description: 'At once and under the same id, whatever became of it.',
    answer: MessageSchema,
    errors: [...ON_WEBHOOK, 'WEBHOOK_NOT_ACTIVE', 'MESSAGE_NOT_FOUND'],
  },
  redeliverFailed: {
    ...OURS,
    ...WRITE,
    summary: 'Send again what Failed',
    description: 'The oldest 250 messages that Failed: call it again while `hasMore` is true.',
    body: RedeliverSchema,
    answer: RedeliveredSchema,
    errors: ON_ACTIVE,
  },
} as const satisfies Record<string, Operation>;
