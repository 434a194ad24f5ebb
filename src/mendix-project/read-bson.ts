/** An element of a BSON document; its bytes are a view. */
export interface BsonElement {
  readonly name: string;
  readonly type: number;
  readonly value: Buffer;
}

export const BSON_STRING = 0x02;
export const BSON_DOCUMENT = 0x03;
export const BSON_ARRAY = 0x04;

const LENGTH_BYTES = 4;

/** How many bytes a value takes that tells it by its type alone. */
const FIXED_BYTES: Readonly<Record<number, number>> = {
  1: 8,
  6: 0,
  7: 12,
  8: 1,
  9: 8,
  10: 0,
  16: 4,
  17: 8,
  18: 8,
  19: 16,
  127: 0,
  255: 0,
};
/** How many bytes a value takes besides the length that it begins with. */
const COUNTED_BYTES: Readonly<Record<number, number>> = { 2: 4, 3: 0, 4: 0, 5: 5, 13: 4, 14: 4, 15: 0 };

/**
 * Reads the elements of a BSON document, those of inner ones left as they are. An array is a document too.
 *
 * Source: bsonspec.org, version 1.1; regular expressions and pointers, which are not in use here, are not read.
 *
 * @throws RangeError for what is no such document
 */
export function* readBson(bytes: Uint8Array): Generator<BsonElement> {
  const document = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = document.readInt32LE(0) - 1;
  if (end >= document.length || document[end] !== 0) throw new RangeError('a document is cut off');
  for (let at = LENGTH_BYTES; at < end; ) {
    const type = document.readUInt8(at);
    const nameEnd = document.indexOf(0, at + 1);
    const start = nameEnd + 1;
    const length = lengthOf(document, type, start);
    if (nameEnd === -1 || start + length > end) throw new RangeError('an element is cut off');
    yield { name: document.toString('utf8', at + 1, nameEnd), type, value: document.subarray(start, start + length) };
    at = start + length;
  }
}

function lengthOf(document: Buffer, type: number, at: number): number {
  const fixed = FIXED_BYTES[type];
  if (fixed !== undefined) return fixed;
  const more = COUNTED_BYTES[type];
  const counted = more === undefined ? -1 : document.readInt32LE(at);
  if (more === undefined || counted < 0) throw new RangeError(`there is no length for the type ${type}`);
  return counted + more;
}

/** The text of an element; undefined where it is none. */
export function bsonText({ type, value }: BsonElement): string | undefined {
  return type === BSON_STRING ? value.toString('utf8', LENGTH_BYTES, value.length - 1) : undefined;
}
