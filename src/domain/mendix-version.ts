/** A version of Mendix as its own tools write it: `10.12.3.41523`, `9.24.0.2965`, `6.6.0-rc3`. */
export type MendixVersion = string & { readonly brand: 'MendixVersion' };

/** Versions name folders and parts of addresses: nothing else is let through. */
const VERSION = /^\d{1,4}(?:\.\d{1,8}){1,3}(?:-[A-Za-z0-9.]{1,20})?$/;

/** @returns undefined for what is no version of Mendix */
export function parseMendixVersion(text: string): MendixVersion | undefined {
  const trimmed = text.trim();
  return VERSION.test(trimmed) && !trimmed.includes('..') ? (trimmed as MendixVersion) : undefined;
}

/** Compares by the numbers, as far as both have them; what comes before a release is not told from it. */
export function isAtLeast(version: MendixVersion, least: string): boolean {
  const [left, right] = [version, least].map((text) => (text.split('-', 1)[0] ?? '').split('.').map(Number));
  for (const [place, number] of (right ?? []).entries()) {
    const own = left?.[place] ?? 0;
    if (own !== number) return own > number;
  }
  return true;
}
