/** What stands at a place in JSON from outside; undefined where there is no such place. */
export function fieldAt(value: unknown, ...path: readonly string[]): unknown {
  let at = value;
  for (const name of path) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, name)) return undefined;
    at = Reflect.get(at, name);
  }
  return at;
}

/** The text at a place, cut where it is longer than anybody reads; empty where there is none. */
export function textAt(value: unknown, ...path: readonly string[]): string {
  const text = fieldAt(value, ...path);
  return typeof text === 'string' ? text.slice(0, MOST_CHARACTERS) : '';
}

const MOST_CHARACTERS = 2000;

/** The list at a place; empty where there is none. */
export function listAt(value: unknown, ...path: readonly string[]): readonly unknown[] {
  const list = fieldAt(value, ...path);
  return Array.isArray(list) ? list : [];
}

/** The first of some texts that says anything; empty where none does. */
export function firstText(...texts: readonly string[]): string {
  return texts.find((text) => text !== '') ?? '';
}
