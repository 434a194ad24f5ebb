import { type SignedMessage, signedHeaders } from './signatures.ts';

export interface MessageHeaders {
  /** As they are sent. */
  readonly sent: Readonly<Record<string, string>>;
  /** As they may be shown: without signatures, and without the values of headers that the webhook has of its own. */
  readonly shown: Readonly<Record<string, string>>;
  /** A text with what is secret among them left out: an endpoint may answer with what it was sent. */
  hideIn(text: string): string;
}

export interface SentMessage extends SignedMessage {
  readonly isTest: boolean;
}

const HIDDEN = '(hidden)';
/** What is shorter is in many a text by chance, and no secret. */
const LEAST_SECRET_CHARACTERS = 6;

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
    hideIn: hiding([...given.map(({ value }) => value), signed['webhook-signature']]),
  };
}

/** Hides values as a whole and each word of them, such as the token after `Bearer`; in JSON as well. */
function hiding(values: readonly string[]): (text: string) => string {
  const parts = values.flatMap((value) => [value.trim(), ...value.trim().split(/\s+/)]);
  const spelled = parts.flatMap((part) => [part, JSON.stringify(part).slice(1, -1)]);
  const secrets = [...new Set(spelled)].filter(({ length }) => length >= LEAST_SECRET_CHARACTERS);
  secrets.sort((one, other) => other.length - one.length);
  return (text) => secrets.reduce((shown, secret) => shown.replaceAll(secret, HIDDEN), text);
}
