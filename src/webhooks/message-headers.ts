import { type SignedMessage, signedHeaders } from './signatures.ts';

export interface MessageHeaders {
  /** As they are sent. */
  readonly sent: Readonly<Record<string, string>>;
  /** As they may be shown: without signatures, and without the values of headers that the webhook has of its own. */
  readonly shown: Readonly<Record<string, string>>;
}

export interface SentMessage extends SignedMessage {
  readonly isTest: boolean;
}

const HIDDEN = '(hidden)';

/**
 * Headers that no webhook may have of its own: those that every message has, and those that say how it is sent. In lower
 * case.
 */
export const RESERVED_HEADERS: readonly string[] = [
  'webhook-id',
  'webhook-timestamp',
  'webhook-signature',
  'content-type',
  'accept',
  'user-agent',
  'test',
  'host',
  'connection',
  'content-length',
  'transfer-encoding',
  'expect',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'upgrade',
];

/**
 * The headers of a message: documented ones, and those of the webhook but for reserved ones.
 *
 * @param secrets what it is signed with, the current one first
 */
export function messageHeaders(
  secrets: readonly string[],
  own: readonly { readonly key: string; readonly value: string }[],
  message: SentMessage,
): MessageHeaders {
  const signed = signedHeaders(secrets, message);
  const usual = {
    'content-type': 'application/json',
    accept: '*/*',
    'user-agent': 'slipway',
    ...(message.isTest && { test: 'test' }),
  };
  const free = own.map(({ key, value }) => ({ name: key.toLowerCase(), value }));
  const given = free.filter(({ name }) => !RESERVED_HEADERS.includes(name));
  const hidden = given.map(({ name }) => [name, HIDDEN] as const);
  return {
    sent: { ...Object.fromEntries(given.map(({ name, value }) => [name, value])), ...usual, ...signed },
    shown: { ...Object.fromEntries(hidden), ...usual, ...signed, 'webhook-signature': HIDDEN },
  };
}
