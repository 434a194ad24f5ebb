/** Where a package of a Mendix app says what it is. */
export const MENDIX_METADATA_PATH = 'model/metadata.json';

/**
 * What a package of a Mendix app says of itself, as far as it is understood: what is missing, or has another shape than
 * it should, is undefined. The keys are those that cf-mendix-buildpack and m2ee-tools read.
 */
export interface PackageMetadata {
  /** The Mendix version, with its build number. */
  readonly runtimeVersion: string | undefined;
  readonly modelVersion: string | undefined;
  readonly javaVersion: number | undefined;
  readonly constants: readonly PackageConstant[] | undefined;
  readonly scheduledEvents: readonly PackageScheduledEvent[] | undefined;
}

export interface PackageConstant {
  /** With its module: `Module.Constant`. */
  readonly name: string;
  readonly type: string | undefined;
  /** As text, whatever its type. */
  readonly defaultValue: string | undefined;
}

export interface PackageScheduledEvent {
  readonly name: string;
}

/** Reads the text of `model/metadata.json`. Never throws: a text that is no JSON says nothing. */
export function parseMendixMetadata(text: string): PackageMetadata {
  const found = parseObject(text);
  return {
    runtimeVersion: textOf(found, 'RuntimeVersion'),
    modelVersion: textOf(found, 'ModelVersion'),
    javaVersion: wholeNumber(ownValue(found, 'JavaVersion')),
    constants: listOf(ownValue(found, 'Constants'), parseConstant),
    scheduledEvents: listOf(ownValue(found, 'ScheduledEvents'), parseScheduledEvent),
  };
}

function parseObject(text: string): unknown {
  try {
    // Tools of .NET write a byte order mark.
    return JSON.parse(text.replace(/^\ufeff/, ''));
  } catch {
    return undefined;
  }
}

function parseConstant(value: unknown): PackageConstant | undefined {
  const name = textOf(value, 'Name');
  return name === undefined
    ? undefined
    : { name, type: textOf(value, 'Type'), defaultValue: plainText(ownValue(value, 'DefaultValue')) };
}

function parseScheduledEvent(value: unknown): PackageScheduledEvent | undefined {
  const name = textOf(value, 'Name');
  return name === undefined ? undefined : { name };
}

function listOf<T>(value: unknown, parse: (item: unknown) => T | undefined): readonly T[] | undefined {
  if (!Array.isArray(value)) return undefined;
  return value.map((item: unknown) => parse(item)).filter((item) => item !== undefined);
}

function wholeNumber(value: unknown): number | undefined {
  const number = typeof value === 'string' && /^\d{1,9}$/.test(value) ? Number(value) : value;
  return typeof number === 'number' && Number.isSafeInteger(number) ? number : undefined;
}

function plainText(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined;
}

function textOf(value: unknown, key: string): string | undefined {
  const found = ownValue(value, key);
  return typeof found === 'string' && found !== '' ? found : undefined;
}

function ownValue(value: unknown, key: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  return Object.getOwnPropertyDescriptor(value, key)?.value;
}
