import { quote, Refusal } from './refusal.ts';

/**
 * Reads fields of a body as leniently as clients are written: in any case where the documented spelling is absent, null
 * for absent, and nothing at all for no fields.
 *
 * @param advice what to send instead of a body that is no object: `a JSON object with Revision and Version`
 * @throws Refusal INVALID_PARAMETERS
 */
export function readBodyFields<const Field extends string>(
  body: unknown,
  fields: readonly Field[],
  advice: string,
): Readonly<Partial<Record<Field, unknown>>> {
  const found: Partial<Record<Field, unknown>> = {};
  if (body === undefined || body === null || body === '') return found;
  if (typeof body !== 'object' || Array.isArray(body)) {
    throw new Refusal('INVALID_PARAMETERS', `The body is ${quote(body)}: send ${advice}.`);
  }
  const given = new Map(Object.entries(body));
  const inLowerCase = new Map([...given].map(([name, value]) => [name.trim().toLowerCase(), value]));
  const read = (field: Field) => (given.has(field) ? given.get(field) : inLowerCase.get(field.toLowerCase()));
  for (const field of fields) found[field] = read(field) ?? undefined;
  return found;
}
