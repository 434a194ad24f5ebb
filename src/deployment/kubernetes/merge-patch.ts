import { isDeepStrictEqual } from 'node:util';

/** A JSON merge patch (RFC 7396): null takes a field away, an object goes deeper, and anything else is the new value. */
export interface MergePatch {
  readonly [field: string]: MergePatch | string | number | readonly string[] | null | undefined;
}

/** What of a patch would change something; undefined where all of it is so already. */
export function findChanges(patch: MergePatch, current: unknown): MergePatch | undefined {
  const changes: Record<string, MergePatch[string]> = {};
  for (const [field, wanted] of Object.entries(patch)) {
    const change = findChange(wanted, isObject(current) ? current[field] : undefined);
    if (change !== undefined) changes[field] = change;
  }
  return Object.keys(changes).length === 0 ? undefined : changes;
}

function findChange(wanted: MergePatch[string], value: unknown): MergePatch[string] {
  if (wanted === null) return value === undefined ? undefined : null;
  if (isPatch(wanted)) return findChanges(wanted, value);
  return isDeepStrictEqual(wanted, value) ? undefined : wanted;
}

const isPatch = (value: MergePatch[string]): value is MergePatch => isObject(value) && !Array.isArray(value);

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
