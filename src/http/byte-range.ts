/** Which bytes of a file an answer holds; `end` is the last one. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

const SINGLE_RANGE = /^bytes\s*=\s*(?:(\d+)\s*-\s*(\d*)|-\s*(\d+))$/i;

/**
 * Reads a Range header (RFC 9110, 14.2). Undefined means the whole file: no header, several ranges, or one that is no
 * range of bytes, which a server may and we do ignore.
 */
export function parseByteRange(
  header: string | undefined,
  sizeBytes: number,
): ByteRange | 'not satisfiable' | undefined {
  const match = header === undefined ? null : SINGLE_RANGE.exec(header.trim());
  if (match === null) return undefined;
  const [, first, last, suffix] = match;
  const start = suffix === undefined ? Number(first) : Math.max(0, sizeBytes - Number(suffix));
  const lastByte = suffix === undefined && last !== '' ? Number(last) : sizeBytes - 1;
  if (suffix === undefined && last !== '' && lastByte < start) return undefined;
  if (start >= sizeBytes || Number(suffix) === 0) return 'not satisfiable';
  return { start, end: Math.min(lastByte, sizeBytes - 1) };
}
