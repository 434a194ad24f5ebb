import { EVENT_TYPES, type EventType } from '../protocol/webhook-events.ts';
import { HIDDEN, WEBHOOK_LIMITS } from '../protocol/webhooks.ts';
import { readBodyFields } from './body-fields.ts';
import { quote, Refusal } from './refusal.ts';
import { type GivenHeader, parseWebhookHeaders } from './webhook-headers.ts';

/** What somebody wants a webhook to be; a field is absent where nothing was said of it. */
export interface WebhookRequest {
  readonly name?: string;
  /** Not looked at yet. */
  readonly url?: string;
  readonly eventTypes?: readonly EventType[];
  readonly isActive?: boolean;
  /** May be {@link HIDDEN}, for the one that is there. */
  readonly validationSecret?: string;
  readonly headers?: readonly GivenHeader[];
}

const READERS = {
  name: parseName,
  url: parseUrlText,
  eventTypes: parseEventTypes,
  isActive: parseIsActive,
  validationSecret: parseSecret,
  headers: parseWebhookHeaders,
};
const FIELDS = ['name', 'url', 'eventTypes', 'isActive', 'validationSecret', 'headers'] as const;
const NAME = /^[a-zA-Z0-9_ ]+$/;
const SECRET = /^(?:whsec_)?[a-zA-Z0-9+/=]{32,100}$/;

/**
 * Reads the body of a call that creates or changes a webhook. No message holds a secret of it.
 *
 * @throws Refusal INVALID_PARAMETERS, with the parameter
 */
export function parseWebhookRequest(body: unknown): WebhookRequest {
  const isObject = body === undefined || (typeof body === 'object' && body !== null && !Array.isArray(body));
  if (!isObject)
    throw new Refusal('INVALID_PARAMETERS', 'The body is no JSON object: send one with name, url and eventTypes.');
  const given = readBodyFields(body, FIELDS, '');
  const present = FIELDS.filter(
    (field) => given[field] !== undefined && !(field === 'validationSecret' && given[field] === ''),
  );
  return Object.fromEntries(present.map((field) => [field, READERS[field](given[field])]));
}

/**
 * What a new webhook needs.
 *
 * @throws Refusal INVALID_PARAMETERS
 */
export function requireNewWebhook(request: WebhookRequest) {
  const { name, url, eventTypes, validationSecret } = request;
  if (name === undefined) throw missing('name');
  if (url === undefined) throw missing('url');
  if (eventTypes === undefined) throw missing('eventTypes');
  if (validationSecret === HIDDEN) {
    throw refuse('validationSecret', `validationSecret is ${HIDDEN}, which only hides one: give it, or leave it out.`);
  }
  return { ...request, name, url, eventTypes };
}

/** @throws Refusal INVALID_PARAMETERS */
export function parseEventType(given: unknown, parameter: string): EventType {
  const known = EVENT_TYPES.find((type) => type === given);
  if (known !== undefined) return known;
  throw refuse(
    parameter,
    `${parameter} has ${quote(given)}, which is no event: give some of ${EVENT_TYPES.join(', ')}.`,
  );
}

function parseName(given: unknown): string {
  const fits = typeof given === 'string' && given.length <= WEBHOOK_LIMITS.nameCharacters;
  if (fits && NAME.test(given) && given.trim() !== '') return given;
  const most = `up to ${WEBHOOK_LIMITS.nameCharacters} letters, digits, underscores and blanks`;
  throw refuse('name', `name is ${quote(given)}: give ${most}.`);
}

function parseUrlText(given: unknown): string {
  if (typeof given !== 'string') throw refuse('url', `url is ${quote(given)}: give an address as text.`);
  if (given.length <= WEBHOOK_LIMITS.urlCharacters) return given;
  throw refuse('url', `url has ${given.length} characters: give at most ${WEBHOOK_LIMITS.urlCharacters}.`);
}

/** One that stands alone, without a list, is understood. */
function parseEventTypes(given: unknown): readonly EventType[] {
  const list: readonly unknown[] = Array.isArray(given) ? given : [given];
  if (list.length === 0) throw refuse('eventTypes', `eventTypes is empty: give some of ${EVENT_TYPES.join(', ')}.`);
  return [...new Set(list.map((one) => parseEventType(one, 'eventTypes')))];
}

function parseIsActive(given: unknown): boolean {
  if (given === true || given === 'true') return true;
  if (given === false || given === 'false') return false;
  throw refuse('isActive', `isActive is ${quote(given)}: give true or false.`);
}

function parseSecret(given: unknown): string {
  if (typeof given === 'string' && (given === HIDDEN || SECRET.test(given))) return given;
  const advice = 'give 32 to 100 characters of base64, with whsec_ before them or not, or leave it out and one is made';
  throw refuse('validationSecret', `validationSecret is not spelled like one: ${advice}.`);
}

const refuse = (parameter: string, message: string) => new Refusal('INVALID_PARAMETERS', message, { parameter });

const missing = (field: string) => refuse(field, `Not enough parameters given. Please set ${field}.`);
