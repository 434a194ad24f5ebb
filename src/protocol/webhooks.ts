import { type Static, Type } from 'typebox';
import { Nullable } from './nullable.ts';
import { ErrorSchema } from './package.ts';
import { EVENT_TYPES, MESSAGE_STATUSES } from './webhook-events.ts';

/**
 * The calls that manage webhooks, in the documented words (source: `static/openapi-spec/webhooks.yaml` of mendix/docs),
 * and the additions that tell what webhooks were sent. Times are ISO 8601 in UTC, as in the messages themselves.
 */

/** Stands in the place of what was given once and is never answered again; sent back, it keeps what is there. */
export const HIDDEN = '********';

export const WEBHOOK_LIMITS = {
  nameCharacters: 200,
  urlCharacters: 2000,
  headers: 20,
  /** Of all headers together. */
  headerCharacters: 8192,
  perApp: 50,
} as const;

const time = (description: string) => Nullable(Type.String({ format: 'date-time', description }));
const EVENT_TYPE = Type.Enum([...EVENT_TYPES], { type: 'string' });

const WEBHOOK = {
  id: Type.String({ description: '`mxep_…`' }),
  name: Type.String(),
  url: Type.String(),
  eventTypes: Type.Array(EVENT_TYPE),
  isActive: Type.Boolean(),
};
const STANDING = {
  note: Nullable(Type.String({ description: 'Why it is not active, where it was not a person who said so.' })),
  failures: Type.Integer({ description: 'Attempts that failed since the last one that did not.' }),
  failingSince: time('When the first of them was.'),
};

/** A webhook as the list has it: the first five fields are the documented ones. */
export const WebhookSchema = Type.Object({ ...WEBHOOK, ...STANDING });
export type WireWebhook = Static<typeof WebhookSchema>;

const HeaderSchema = Type.Object({ key: Type.String(), value: Type.String() });

/** A webhook by itself. */
export const WebhookDetailSchema = Type.Object({
  ...WEBHOOK,
  validationSecret: Type.String({
    description: `The secret, in the answer to the call that set it; \`${HIDDEN}\` in every other.`,
  }),
  headers: Type.Array(HeaderSchema, { description: `Every value is \`${HIDDEN}\`.` }),
  ...STANDING,
  formerSecretUntil: time('While a secret is replaced: until then the former one signs beside it.'),
  createdAt: Type.String({ format: 'date-time' }),
});
export type WireWebhookDetail = Static<typeof WebhookDetailSchema>;

/** What a webhook is made of, and what of it is changed: a field that is left out keeps what is there. */
export const UpsertWebhookSchema = Type.Object({
  name: Type.Optional(Type.String({ pattern: '^([a-zA-Z0-9_ ]+)$', maxLength: WEBHOOK_LIMITS.nameCharacters })),
  url: Type.Optional(Type.String({ minLength: 1, maxLength: WEBHOOK_LIMITS.urlCharacters })),
  eventTypes: Type.Optional(Type.Array(EVENT_TYPE, { minItems: 1 })),
  isActive: Type.Optional(Type.Boolean({ description: 'True for a new webhook that does not say.' })),
  validationSecret: Type.Optional(
    Type.String({
      pattern: '^(whsec_)?[a-zA-Z0-9+/=]{32,100}$',
      description: `Made by the server for a new webhook without one. \`${HIDDEN}\` keeps the one that is there.`,
    }),
  ),
  headers: Type.Optional(
    Type.Array(HeaderSchema, {
      maxItems: WEBHOOK_LIMITS.headers,
      description: `Sent with every message. A value \`${HIDDEN}\` keeps that of the header of this key.`,
    }),
  ),
});
export type UpsertWebhook = Static<typeof UpsertWebhookSchema>;

/** Where the neighbouring pages of a list begin, to be given as `cursor`. */
const CursorsSchema = Type.Object({
  prev: Type.Optional(Type.String({ description: 'Absent on the first page.' })),
  next: Type.Optional(Type.String({ description: 'Absent on the last page.' })),
});
export type WirePageCursors = Static<typeof CursorsSchema>;

export const WebhooksSchema = Type.Object({ webhooks: Type.Array(WebhookSchema), cursors: CursorsSchema });
export type WireWebhooks = Static<typeof WebhooksSchema>;

const MESSAGE = {
  id: Type.String({ description: '`msg_…`: its `webhook-id`, whenever it is sent.' }),
  eventType: EVENT_TYPE,
  status: Type.Enum([...MESSAGE_STATUSES], {
    type: 'string',
    description: '`Failed`: it was given up, or its webhook was disabled.',
  }),
  isTest: Type.Boolean(),
  attempts: Type.Integer({ description: 'So far.' }),
  createdAt: Type.String({ format: 'date-time' }),
  dueAt: time('When it is tried next; null once it has ended.'),
  endedAt: time('When it was Delivered or Failed.'),
};
const OUTCOME = {
  responseStatus: Nullable(Type.Integer({ description: 'Of the HTTP answer; null where none came.' })),
  error: Nullable(Type.String({ description: 'Why it did not succeed; null where it did.' })),
};

/** A message as the list has it. */
export const MessageSchema = Type.Object({
  ...MESSAGE,
  lastAttempt: Nullable(
    Type.Object({ time: Type.String({ format: 'date-time' }), durationMs: Type.Integer(), ...OUTCOME }),
  ),
});
export type WireMessage = Static<typeof MessageSchema>;

const HEADERS = Type.Record(Type.String(), Type.String(), { description: 'By name; what is secret is hidden.' });

export const AttemptSchema = Type.Object({
  time: Type.String({ format: 'date-time' }),
  durationMs: Type.Integer(),
  url: Type.String(),
  requestHeaders: HEADERS,
  ...OUTCOME,
  responseHeaders: Nullable(HEADERS),
  responseBody: Nullable(Type.String({ description: 'Its beginning.' })),
});
export type WireAttempt = Static<typeof AttemptSchema>;

/** A message by itself, and how it went: the newest attempt first. */
export const MessageDetailSchema = Type.Object({
  ...MessageSchema.properties,
  payload: Type.Unsafe<unknown>({ description: 'The body that is sent.' }),
  log: Type.Array(AttemptSchema),
});
export type WireMessageDetail = Static<typeof MessageDetailSchema>;

export const MessagesSchema = Type.Object({ messages: Type.Array(MessageSchema), cursors: CursorsSchema });
export type WireMessages = Static<typeof MessagesSchema>;

export const TestWebhookSchema = Type.Object({
  eventType: Type.Optional(
    Type.Enum([...EVENT_TYPES], { type: 'string', description: 'The first of the webhook where none is given.' }),
  ),
});
export type TestWebhook = Static<typeof TestWebhookSchema>;

export const RedeliverSchema = Type.Object({
  since: Type.Optional(
    Type.String({
      format: 'date-time',
      description: 'Leaves out what happened before. Milliseconds since 1970 are understood too.',
    }),
  ),
});
export type Redeliver = Static<typeof RedeliverSchema>;

export const RedeliveredSchema = Type.Object({
  redelivered: Type.Integer({ description: 'How many are sent again.' }),
  hasMore: Type.Boolean({ description: 'Whether others that Failed are left for another call.' }),
});
export type Redelivered = Static<typeof RedeliveredSchema>;

/** What every error of these calls is: the shape that all calls have, and beside it the documented one. */
export const WebhooksErrorSchema = Type.Object(
  {
    ...ErrorSchema.properties,
    error: Type.Object({
      code: Type.Integer({ description: 'The HTTP status.' }),
      message: Type.String(),
      'invalid-params': Type.Optional(Type.Array(Type.Object({ name: Type.String(), reason: Type.String() }))),
    }),
  },
  { $id: 'WebhooksError' },
);
