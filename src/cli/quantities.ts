import { InvalidArgumentError } from 'commander';

/** Quantities as people write them in flags, environment variables and configuration files. */

const DURATION_UNITS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const SIZE_UNITS = { B: 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30, TiB: 2 ** 40 } as const;

/** Reads `500ms`, `30s`, `15m`, `2h`, `90d`; a bare number is seconds. Answers milliseconds. */
export function parseDuration(text: string): number | undefined {
  return parseQuantity(text, DURATION_UNITS, 's');
}

/** Reads `512KiB`, `200MiB`, `2GiB`; a bare number is bytes. Answers bytes. */
export function parseSize(text: string): number | undefined {
  return parseQuantity(text, SIZE_UNITS, 'B');
}

/** Reads a whole number without sign between `min` and `max`, both included. */
export function parseWholeNumber(text: string, min: number, max: number): number | undefined {
  if (!/^\d{1,15}$/.test(text)) return undefined;
  const number = Number(text);
  return number >= min && number <= max ? number : undefined;
}

function parseQuantity(text: string, units: Readonly<Record<string, number>>, bareUnit: string): number | undefined {
  const match = /^(\d{1,12}(?:\.\d{1,3})?) ?([a-z]*)$/i.exec(text.trim());
  if (match === null) return undefined;
  const [, number, given] = match;
  const unit = Object.keys(units).find((name) => name.toLowerCase() === (given || bareUnit).toLowerCase());
  const factor = unit === undefined ? undefined : units[unit];
  const value = factor === undefined ? undefined : Math.round(Number(number) * factor);
  return value !== undefined && Number.isSafeInteger(value) ? value : undefined;
}

/** For commander: a whole number from 1 on. @throws InvalidArgumentError */
export function parseCount(text: string): number {
  const count = parseWholeNumber(text, 1, 1_000_000);
  if (count === undefined) throw new InvalidArgumentError('Accepted is a whole number from 1 on.');
  return count;
}

/** For commander: a duration in milliseconds. @throws InvalidArgumentError */
export function parseDurationOption(text: string): number {
  const duration = parseDuration(text);
  if (duration === undefined) throw new InvalidArgumentError('Accepted is a duration such as 90s, 15m or 2h.');
  return duration;
}
