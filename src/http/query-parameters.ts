import { quote, Refusal } from '../domain/refusal.ts';

/** One parameter of a query string; the last one counts where it was given twice. Blank is absent. */
export function readParameter(query: unknown, name: string): string | undefined {
  if (typeof query !== 'object' || query === null || !Object.hasOwn(query, name)) return undefined;
  const given: unknown = Object.getOwnPropertyDescriptor(query, name)?.value;
  const value: unknown = Array.isArray(given) ? given.at(-1) : given;
  const text = typeof value === 'string' ? value.trim() : '';
  return text === '' ? undefined : text;
}

/** @throws Refusal INVALID_PARAMETERS */
export function parseBooleanParameter(query: unknown, name: string): boolean {
  const text = readParameter(query, name)?.toLowerCase();
  if (text === undefined || text === 'false') return false;
  if (text === 'true') return true;
  throw new Refusal('INVALID_PARAMETERS', `The parameter ${name} is ${quote(text)}: give true or false.`, {
    parameter: name,
  });
}

/** @returns the fallback when absent @throws Refusal INVALID_PARAMETERS */
export function parseCountParameter(query: unknown, name: string, range: CountRange): number {
  const text = readParameter(query, name);
  if (text === undefined) return range.fallback;
  const count = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (count >= range.min) return Math.min(count, range.max);
  throw new Refusal(
    'INVALID_PARAMETERS',
    `The parameter ${name} is ${quote(text)}: give a whole number from ${range.min} on.`,
    { parameter: name },
  );
}

interface CountRange {
  readonly min: number;
  /** Higher numbers count as this one. */
  readonly max: number;
  readonly fallback: number;
}
