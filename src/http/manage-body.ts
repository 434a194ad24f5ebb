import type { Static, TObject, TSchema } from 'typebox';
import { Check, Errors } from 'typebox/value';
import { quote, Refusal } from '../domain/refusal.ts';
import { parseRequestBody } from './request-body.ts';

/**
 * Reads a body that holds secrets: like {@link parseManageBody}, and no message holds anything of the body.
 *
 * @param advice what is said instead
 */
export function parseSecretBody<T extends TObject>(
  schema: T,
  bytes: unknown,
  advice: string = describeWithoutValues(schema),
): Static<T> {
  try {
    return parseManageBody(schema, bytes);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    throw new Refusal(error.code, advice);
  }
}

function describeWithoutValues({ required, properties }: TObject): string {
  const optional = Object.keys(properties).filter((name) => !required?.includes(name));
  const fields = optional.length === 0 ? '' : `, and ${optional.join(', ')} where they are needed`;
  return `The body is not valid. Send a JSON object with ${(required ?? []).join(', ')}${fields}: texts of at most 4096 characters, or 65536 for keys, hosts and secrets.`;
}

/**
 * Reads the body of a management call. Unknown fields are ignored; null stands for absent, unless the schema knows it.
 *
 * @throws Refusal INVALID_PARAMETERS naming the first field that is wrong
 */
export function parseManageBody<T extends TObject>(schema: T, bytes: unknown): Static<T> {
  const body = parseRequestBody(bytes) ?? {};
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw new Refusal('INVALID_PARAMETERS', `The body is ${quote(body)}: send a JSON object.`);
  }
  const given = Object.fromEntries(
    Object.entries(body).filter(([name, value]) => {
      const field: TSchema | undefined = schema.properties[name];
      return field !== undefined && (value !== null || Check(field, null));
    }),
  );
  if (Check(schema, given)) return given;
  throw new Refusal('INVALID_PARAMETERS', describeMistake(schema, given));
}

function describeMistake(schema: TObject, given: Readonly<Record<string, unknown>>): string {
  const missing = (schema.required ?? []).find((name: string) => !Object.hasOwn(given, name));
  if (missing !== undefined) return `Not enough parameters given. Please set ${missing}.`;
  const [mistake] = Errors(schema, given);
  const field = mistake?.instancePath.split('/')[1] ?? '';
  return `${field} is ${quote(given[field])}: it ${mistake?.message ?? 'is not accepted'}.`;
}
