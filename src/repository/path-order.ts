import type { SourceFile } from './repository.ts';

/** Compares texts as their UTF-8 bytes would be: by code points, not by UTF-16 units. */
export function compareBytes(one: string, other: string): number {
  const length = Math.min(one.length, other.length);
  for (let at = 0; at < length; at++) {
    const a = one.charCodeAt(at);
    const b = other.charCodeAt(at);
    if (a !== b) return rank(a) - rank(b);
  }
  return one.length - other.length;
}

/** Surrogates stand for code points above all others. */
function rank(unit: number): number {
  if (unit < 0xd800) return unit;
  return unit >= 0xe000 ? unit - 0x800 : unit + 0x2000;
}

/** Sorts files by the bytes of their paths; what is in order already is given back as it is. */
export function sortByPath<File extends Pick<SourceFile, 'path'>>(files: readonly File[]): readonly File[] {
  const isSorted = files.every((file, at) => at === 0 || compareBytes(files[at - 1]?.path ?? '', file.path) < 0);
  return isSorted ? files : files.toSorted((a, b) => compareBytes(a.path, b.path));
}
