import { readBodyFields } from './body-fields.ts';
import { quote, Refusal } from './refusal.ts';

/** What Set Environment Settings asks for, as it was spelled. What is not named stays as it is. */
export interface SetSettingsRequest {
  readonly constants: readonly NamedValue[];
  readonly customSettings: readonly NamedValue[];
  readonly scheduledEvents: readonly NamedValue[];
}

export interface NamedValue {
  readonly name: string;
  /** null to take away what was set. */
  readonly value: string | null;
}

const LISTS = ['Constants', 'CustomSettings', 'ScheduledEvents'] as const;
type List = (typeof LISTS)[number];

/**
 * Reads the body of Set Environment Settings. Only Name and Value of each entry count, so that what was retrieved can be
 * sent back.
 *
 * @throws Refusal INVALID_PARAMETERS
 */
export function parseSetSettings(body: unknown): SetSettingsRequest {
  const lists = readBodyFields(body, LISTS, `a JSON object with ${LISTS.join(', ')}`);
  if (LISTS.every((list) => lists[list] === undefined)) {
    throw invalid(`The body names nothing to set: send a JSON object with ${LISTS.join(', ')}.`);
  }
  return {
    constants: readList('Constants', lists.Constants),
    customSettings: readList('CustomSettings', lists.CustomSettings),
    scheduledEvents: readList('ScheduledEvents', lists.ScheduledEvents),
  };
}

function readList(list: List, given: unknown): readonly NamedValue[] {
  if (given === undefined) return [];
  if (!Array.isArray(given)) throw invalid(`${list} is ${quote(given)}: send an array.`);
  const entries = given.map((entry: unknown) => readEntry(list, entry));
  const names = new Set<string>();
  for (const { name } of entries) {
    if (names.has(name)) throw invalid(`${list} names ${quote(name)} twice: send it once.`);
    names.add(name);
  }
  return entries;
}

function readEntry(list: List, entry: unknown): NamedValue {
  const { Name } = readBodyFields(entry, ['Name'], `an object with Name and Value in ${list}`);
  const name = typeof Name === 'string' ? Name.trim() : '';
  if (name === '') throw invalid(`An entry of ${list} has no Name: send a Name and a Value.`);
  return { name, value: readValue(list, name, entry) };
}

function readValue(list: List, name: string, entry: unknown): string | null {
  const fields = typeof entry === 'object' && entry !== null ? Object.entries(entry) : [];
  const value: unknown = fields.find(([field]) => field.trim().toLowerCase() === 'value')?.[1];
  if (value === undefined) {
    throw invalid(`${quote(name)} of ${list} has no Value: send one, or null to take away what was set.`);
  }
  if (value === null) return null;
  if (typeof value === 'object') throw invalid(`The Value of ${quote(name)} of ${list} is no text: send text.`);
  const text = String(value);
  if (!text.includes('\0')) return text;
  throw invalid(`The Value of ${quote(name)} of ${list} holds a NUL character: send it without.`);
}

const invalid = (message: string): Refusal => new Refusal('INVALID_PARAMETERS', message);
