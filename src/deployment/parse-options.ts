import type { Static, TObject } from 'typebox';
import { Check, Convert, Errors } from 'typebox/value';
import { quote, Refusal } from '../domain/refusal.ts';
import type { TargetOptions } from './deployment-target.ts';

/**
 * Reads what an admin says of an environment. Numbers and flags may be said as text; what is not said is as it was.
 *
 * @param schema what the target knows; the name of a secret has `writeOnly: true` in its schema
 * @throws Refusal INVALID_PARAMETERS naming the option that is unknown, missing or wrong; never a secret's value
 */
export function parseOptions<T extends TObject>(
  schema: T,
  given: TargetOptions,
  former: TargetOptions | undefined,
): Static<T> {
  const unknown = Object.keys(given).find((name) => !Object.hasOwn(schema.properties, name));
  const names = Object.keys(schema.properties).join(', ');
  if (unknown !== undefined) {
    throw new Refusal('INVALID_PARAMETERS', `The target has no option ${quote(unknown)}: it has ${names}.`);
  }
  const options: unknown = Convert(schema, { ...former, ...given });
  if (Check(schema, options)) return options;
  throw new Refusal('INVALID_PARAMETERS', describeMistake(schema, { ...former, ...given }, options));
}

/** The options without the secrets of their schema. */
export function presentOptions(schema: TObject, options: TargetOptions): TargetOptions {
  return Object.fromEntries(Object.entries(options).filter(([name]) => !isSecret(schema, name)));
}

function describeMistake(schema: TObject, given: TargetOptions, options: unknown): string {
  const missing = (schema.required ?? []).find((name: string) => !Object.hasOwn(given, name));
  if (missing !== undefined) return `The target needs the option ${missing}.`;
  const [mistake] = Errors(schema, options);
  const name = mistake?.instancePath.split('/')[1] ?? '';
  const what = isSecret(schema, name) ? `The option ${name}` : `The option ${name} is ${quote(given[name])}: it`;
  return `${what} ${mistake?.message ?? 'is not accepted'}.`;
}

function isSecret(schema: TObject, name: string): boolean {
  return Object.hasOwn(schema.properties[name] ?? {}, 'writeOnly');
}
