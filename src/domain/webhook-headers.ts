import { HIDDEN, WEBHOOK_LIMITS } from '../protocol/webhooks.ts';
import { quote, Refusal } from './refusal.ts';

/** A header that a webhook is to send; its value may be {@link HIDDEN}. */
export interface GivenHeader {
  readonly key: string;
  readonly value: string;
}

/** A field name of HTTP: RFC 9110, 5.1. */
const NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** What Node sends as a value: no line breaks, no other control characters, nothing beyond Latin-1. */
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** Documented, but for our own at the end. */
const FORBIDDEN_PREFIXES = [
  ...['x-amz-', 'x-amzn-', 'x-google', 'x-goog-', 'x-gfe', 'x-azure-', 'x-fd-', 'x-svix-', 'svix-'],
  'webhook-',
];
/** Documented, but for those that every request sets by itself at the end. */
const FORBIDDEN_NAMES: ReadonlySet<string> = new Set([
  ...['user-agent', 'keep-alive', 'proxy-authenticate', 'proxy-authorization', 'te', 'trailers', 'transfer-encoding'],
  ...['upgrade', 'age', 'cache-control', 'clear-site-data', 'expires', 'pragma', 'warning', 'content-length'],
  ...['content-type', 'content-encoding', 'content-language', 'content-location'],
  ...['host', 'connection', 'accept', 'test', 'expect', 'trailer', 'proxy-connection'],
]);

/** Reads `headers` of a webhook. No message holds a value. @throws Refusal INVALID_PARAMETERS */
export function parseWebhookHeaders(given: unknown): readonly GivenHeader[] {
  if (!Array.isArray(given)) throw refuse('headers is no list: give one of objects with key and value.');
  if (given.length > WEBHOOK_LIMITS.headers) {
    throw refuse(`headers has ${given.length} entries: give at most ${WEBHOOK_LIMITS.headers}.`);
  }
  const headers = given.map(parseHeader);
  const keys = headers.map(({ key }) => key.toLowerCase());
  const twice = keys.find((key, at) => keys.indexOf(key) !== at);
  if (twice !== undefined) throw refuse(`headers has ${quote(twice)} twice: give each key once.`);
  const characters = headers.reduce((sum, { key, value }) => sum + key.length + value.length, 0);
  if (characters > WEBHOOK_LIMITS.headerCharacters) {
    throw refuse(`headers has ${characters} characters: give at most ${WEBHOOK_LIMITS.headerCharacters}.`);
  }
  return headers;
}

function parseHeader(given: unknown, at: number): GivenHeader {
  const { key, value }: { key?: unknown; value?: unknown } = typeof given === 'object' && given !== null ? given : {};
  if (typeof key !== 'string' || typeof value !== 'string') {
    throw refuse(`headers[${at}] is not an object with key and value: give two texts.`);
  }
  if (!NAME.test(key)) throw refuse(`headers has the key ${quote(key)}: give the name of an HTTP header.`);
  const name = key.toLowerCase();
  if (FORBIDDEN_NAMES.has(name)) {
    throw refuse(`headers has the key ${quote(key)}, which a webhook cannot set: leave it out.`);
  }
  const prefix = FORBIDDEN_PREFIXES.find((start) => name.startsWith(start));
  if (prefix !== undefined) {
    throw refuse(`headers has the key ${quote(key)}: a webhook cannot set headers that begin with ${prefix}.`);
  }
  if (!VALUE.test(value)) {
    throw refuse(`The value of the header ${quote(key)} holds a line break or a character that no header can have.`);
  }
  return { key, value };
}

/**
 * The headers of a webhook after a change: where a value is hidden, that of the former header of this key.
 *
 * @throws Refusal INVALID_PARAMETERS where there is none
 */
export function keepHiddenHeaders(
  given: readonly GivenHeader[],
  former: readonly GivenHeader[],
): readonly GivenHeader[] {
  return given.map((header) => {
    if (header.value !== HIDDEN) return header;
    const kept = former.find(({ key }) => key.toLowerCase() === header.key.toLowerCase());
    if (kept !== undefined) return { key: header.key, value: kept.value };
    throw refuse(`The webhook has no header ${quote(header.key)} whose value could be kept: give the value.`);
  });
}

const refuse = (message: string) => new Refusal('INVALID_PARAMETERS', message, { parameter: 'headers' });
