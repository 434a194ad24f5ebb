/*
 * The headers of tar, as POSIX has them (ustar): one block of 512 bytes before the content of each member. Only regular
 * files are written, all of them with the same owner and mode, so that a header follows from a name, a size and a time.
 */

export const BLOCK_BYTES = 512;

export interface TarMember {
  /** At most 100 bytes of ASCII. */
  readonly name: string;
  readonly sizeBytes: number;
  /** In seconds since 1970. */
  readonly modifiedAt: number;
}

const LONGEST_NAME_BYTES = 100;
/** What 11 octal digits can say: 8 GiB. */
const MOST_OCTAL = 0o77_777_777_777;
const SIZE_AT = 124;
const TIME_AT = 136;
const CHECKSUM_AT = 148;

/** @throws Error for a name that does not fit */
export function tarHeader({ name, sizeBytes, modifiedAt }: TarMember): Buffer {
  if (name.length > LONGEST_NAME_BYTES || !/^[\x21-\x7e]+$/.test(name))
    throw new Error(`'${name}' is no name in a tar.`);
  const header = Buffer.alloc(BLOCK_BYTES);
  header.write(name, 0, 'latin1');
  header.write('0000600\0', 100, 'latin1');
  header.write('0000000\0', 108, 'latin1');
  header.write('0000000\0', 116, 'latin1');
  writeSize(header, sizeBytes);
  header.write(octal(modifiedAt, 11), TIME_AT, 'latin1');
  header.write('0', 156, 'latin1');
  header.write('ustar\u000000', 257, 'latin1');
  header.write(`${octal(checksumOf(header), 6)}\0 `, CHECKSUM_AT, 'latin1');
  return header;
}

/** @returns undefined for a block that {@link tarHeader} has not made, to the last bit */
export function parseTarHeader(block: Buffer): TarMember | undefined {
  const end = block.indexOf(0);
  const name = block.toString('latin1', 0, end < 0 ? LONGEST_NAME_BYTES : Math.min(end, LONGEST_NAME_BYTES));
  const sizeBytes = readSize(block);
  const modifiedAt = readOctal(block, TIME_AT);
  if (!/^[\x21-\x7e]+$/.test(name) || sizeBytes === undefined || modifiedAt === undefined) return undefined;
  const member = { name, sizeBytes, modifiedAt };
  return tarHeader(member).equals(block) ? member : undefined;
}

/** How many zeros follow a content, up to the next whole block. */
export function paddingOf(sizeBytes: number): number {
  return (BLOCK_BYTES - (sizeBytes % BLOCK_BYTES)) % BLOCK_BYTES;
}

/** Beyond 8 GiB in binary, as GNU tar and all others since read it: a first bit that is set, then the number. */
function writeSize(header: Buffer, sizeBytes: number): void {
  if (sizeBytes <= MOST_OCTAL) {
    header.write(octal(sizeBytes, 11), SIZE_AT, 'latin1');
    return;
  }
  header[SIZE_AT] = 0x80;
  header.writeBigUInt64BE(BigInt(sizeBytes), SIZE_AT + 4);
}

function readSize(block: Buffer): number | undefined {
  if (block[SIZE_AT] !== 0x80) return readOctal(block, SIZE_AT);
  const size = Number(block.readBigUInt64BE(SIZE_AT + 4));
  return Number.isSafeInteger(size) ? size : undefined;
}

function readOctal(block: Buffer, at: number): number | undefined {
  const text = block.toString('latin1', at, at + 11);
  return /^[0-7]{11}$/.test(text) ? Number.parseInt(text, 8) : undefined;
}

function octal(value: number, digits: number): string {
  return value.toString(8).padStart(digits, '0');
}

/** The sum of all bytes, with blanks in the place of the sum itself. */
function checksumOf(header: Buffer): number {
  let sum = 8 * 0x20;
  for (const byte of header) sum += byte;
  return sum;
}
