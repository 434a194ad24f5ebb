/** What a constant of a type may be: how the value is spelled, undefined for what is none; and in words. */
interface ConstantType {
  readonly read: (text: string) => string | undefined;
  readonly accepts: string;
}

const WHOLE: ConstantType = {
  read: (text) => (/^[+-]?\d{1,19}$/.test(text) && fitsIn64Bits(text) ? text : undefined),
  accepts: 'a whole number of at most 64 bits',
};
const DECIMAL: ConstantType = {
  read: (text) => (/^[+-]?\d{1,40}(?:\.\d{1,40})?$/.test(text) ? text : undefined),
  accepts: 'a number with a point, as 1.5',
};
const BOOLEAN: ConstantType = {
  read: (text) => (/^(?:true|false)$/i.test(text) ? text.toLowerCase() : undefined),
  accepts: 'true or false',
};
const DATE_TIME: ConstantType = {
  read: (text) => (isDateTime(text) ? text : undefined),
  accepts: 'a date with or without a time, as 2013-12-20T16:02:32',
};

/** By the name that packages give them, in lower case. A constant of any other type, such as String, may be any text. */
const TYPES: Readonly<Record<string, ConstantType>> = {
  integer: WHOLE,
  long: WHOLE,
  decimal: DECIMAL,
  float: DECIMAL,
  boolean: BOOLEAN,
  datetime: DATE_TIME,
};

/** Reads a value of a constant. @returns how it is kept; undefined where its type does not take it */
export function readConstantValue(type: string, text: string): string | undefined {
  const known = typeOf(type);
  return known === undefined ? text : known.read(text.trim());
}

/** What a type accepts, as the end of a sentence. */
export function describeConstantType(type: string): string {
  return typeOf(type)?.accepts ?? 'any text';
}

/** Some write the names of types that are words of their language with an underscore before them. */
function typeOf(type: string): ConstantType | undefined {
  const name = type.toLowerCase().replace(/^_/, '');
  return Object.hasOwn(TYPES, name) ? TYPES[name] : undefined;
}

function fitsIn64Bits(text: string): boolean {
  const number = BigInt(text.replace(/^\+/, ''));
  return BigInt.asIntN(64, number) === number;
}

const DATE_AND_TIME =
  /^(\d{4})-(\d\d)-(\d\d)(?:[T ]([01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d)?)?$/i;

function isDateTime(text: string): boolean {
  const [, year, month, day] = DATE_AND_TIME.exec(text) ?? [];
  if (year === undefined) return false;
  const date = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)));
  return date.getUTCMonth() === Number(month) - 1 && date.getUTCDate() === Number(day);
}
