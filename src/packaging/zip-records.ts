import type { DosTime } from './dos-time.ts';
import type { MemberFacts, MemberPlace } from './member.ts';

/**
 * The records of a zip, byte by byte, after PKWARE's APPNOTE 6.3.10. Fields that are too small for their value hold all
 * ones, and a zip64 record holds the value.
 */

/** A member as the zip's records describe it. */
export interface ZipEntry extends MemberFacts {
  /** UTF-8, at most 65,535 bytes. */
  readonly name: Uint8Array;
  readonly mode: MemberPlace['mode'];
  readonly modifiedAt: DosTime;
}

const FULL_16 = 0xffff;
const FULL_32 = 0xffff_ffff;
const VERSION_PLAIN = 20;
const VERSION_ZIP64 = 45;
const MADE_BY_UNIX = (3 << 8) | VERSION_ZIP64;
const NAMES_ARE_UTF8 = 1 << 11;
const METHODS = { stored: 0, deflated: 8 } as const;
const UNIX_MODES = { file: 0o100644, executable: 0o100755, symlink: 0o120777, folder: 0o040755 } as const;
const DOS_FOLDER = 0x10;

/** What stands before a member's bytes (APPNOTE 4.3.7), with its sizes, so that a zip can be read as a stream. */
export function localHeader(entry: ZipEntry): Buffer {
  const isLarge = entry.sizeBytes >= FULL_32 || entry.packedBytes >= FULL_32;
  // A local header must give both sizes in its zip64 field or none (4.5.3).
  const extra = isLarge ? zip64Field([entry.sizeBytes, entry.packedBytes]) : Buffer.alloc(0);
  const record = Buffer.allocUnsafe(30 + entry.name.length + extra.length);
  record.writeUInt32LE(0x04034b50, 0);
  record.writeUInt16LE(isLarge ? VERSION_ZIP64 : VERSION_PLAIN, 4);
  writeShared(record, 6, entry, isLarge ? FULL_32 : 0);
  record.writeUInt16LE(extra.length, 28);
  record.set(entry.name, 30);
  record.set(extra, 30 + entry.name.length);
  return record;
}

/** A member's line in the central directory (APPNOTE 4.3.12). @param offset where its local header begins */
export function centralHeader(entry: ZipEntry, offset: number): Buffer {
  const large = [entry.sizeBytes, entry.packedBytes, offset].filter((value) => value >= FULL_32);
  const extra = large.length > 0 ? zip64Field(large) : Buffer.alloc(0);
  const record = Buffer.alloc(46 + entry.name.length + extra.length);
  record.writeUInt32LE(0x02014b50, 0);
  record.writeUInt16LE(MADE_BY_UNIX, 4);
  record.writeUInt16LE(large.length > 0 ? VERSION_ZIP64 : VERSION_PLAIN, 6);
  writeShared(record, 8, entry, 0);
  record.writeUInt16LE(extra.length, 30);
  record.writeUInt32LE(UNIX_MODES[entry.mode] * 0x1_0000 + (entry.mode === 'folder' ? DOS_FOLDER : 0), 38);
  record.writeUInt32LE(Math.min(offset, FULL_32), 42);
  record.set(entry.name, 46);
  record.set(extra, 46 + entry.name.length);
  return record;
}

/** The fields from the flags to the length of the name, which both headers have in the same order. */
function writeShared(record: Buffer, at: number, entry: ZipEntry, leastSize: number): void {
  const { date, time } = entry.modifiedAt;
  record.writeUInt16LE(NAMES_ARE_UTF8, at);
  record.writeUInt16LE(METHODS[entry.method], at + 2);
  record.writeUInt16LE(time, at + 4);
  record.writeUInt16LE(date, at + 6);
  record.writeUInt32LE(entry.crc32, at + 8);
  record.writeUInt32LE(Math.max(leastSize, Math.min(entry.packedBytes, FULL_32)), at + 12);
  record.writeUInt32LE(Math.max(leastSize, Math.min(entry.sizeBytes, FULL_32)), at + 16);
  record.writeUInt16LE(entry.name.length, at + 20);
}

function zip64Field(values: readonly number[]): Buffer {
  const field = Buffer.allocUnsafe(4 + 8 * values.length);
  field.writeUInt16LE(0x0001, 0);
  field.writeUInt16LE(8 * values.length, 2);
  values.forEach((value, index) => {
    field.writeBigUInt64LE(BigInt(value), 4 + 8 * index);
  });
  return field;
}

export interface CentralDirectoryFacts {
  readonly entries: number;
  readonly offset: number;
  readonly sizeBytes: number;
}

/** The end of a zip (APPNOTE 4.3.14 to 4.3.16): the plain record, behind the zip64 ones where those are needed. */
export function endRecords(directory: CentralDirectoryFacts): Buffer {
  const { entries, offset, sizeBytes } = directory;
  const isLarge = entries >= FULL_16 || offset >= FULL_32 || sizeBytes >= FULL_32;
  return isLarge ? Buffer.concat([zip64End(directory), plainEnd(directory)]) : plainEnd(directory);
}

function plainEnd({ entries, offset, sizeBytes }: CentralDirectoryFacts): Buffer {
  const record = Buffer.alloc(22);
  record.writeUInt32LE(0x06054b50, 0);
  record.writeUInt16LE(Math.min(entries, FULL_16), 8);
  record.writeUInt16LE(Math.min(entries, FULL_16), 10);
  record.writeUInt32LE(Math.min(sizeBytes, FULL_32), 12);
  record.writeUInt32LE(Math.min(offset, FULL_32), 16);
  return record;
}

function zip64End({ entries, offset, sizeBytes }: CentralDirectoryFacts): Buffer {
  const record = Buffer.alloc(56 + 20);
  record.writeUInt32LE(0x06064b50, 0);
  record.writeBigUInt64LE(44n, 4);
  record.writeUInt16LE(MADE_BY_UNIX, 12);
  record.writeUInt16LE(VERSION_ZIP64, 14);
  record.writeBigUInt64LE(BigInt(entries), 24);
  record.writeBigUInt64LE(BigInt(entries), 32);
  record.writeBigUInt64LE(BigInt(sizeBytes), 40);
  record.writeBigUInt64LE(BigInt(offset), 48);
  record.writeUInt32LE(0x07064b50, 56);
  record.writeBigUInt64LE(BigInt(offset + sizeBytes), 64);
  record.writeUInt32LE(1, 72);
  return record;
}
