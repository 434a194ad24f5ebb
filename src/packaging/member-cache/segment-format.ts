import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { DEFLATE_KIND } from '../deflate.ts';
import type { MemberFacts } from '../member.ts';

/**
 * A segment is a file that is written once: packed members, back to back; a record for each; a footer. It is visible
 * under its name when it is complete. What loss of power, a bad disk or another hand did to it is noticed: the footer
 * covers the records, and the check in each record covers its member's bytes and the record itself.
 */

/** Where a member stands in a segment, and what a zip needs to know of it. */
export interface MemberRecord extends MemberFacts {
  readonly contentId: string;
  readonly offset: number;
  /** CRC-32 of the other fields and the packed bytes. */
  readonly check: number;
}

/** Segments are about this large at most, or as large as one member. */
export const SEGMENT_BYTES = 64 * 1024 * 1024;
export const RECORD_BYTES = 96;
export const FOOTER_BYTES = 32;
/** A content id that is longer is not kept: a SHA-256 in hex has 64. */
export const LONGEST_ID_BYTES = 68;

const FORMAT = 'slipway member segment 1';
const METHODS = ['stored', 'deflated'] as const;

/** Differs whenever this program would write other bytes: segments of another kind are not read. */
const KIND = createHash('sha256').update(`${FORMAT} ${DEFLATE_KIND}`).digest().subarray(0, 16);

/** The check of a record before the packed bytes: go on with `crc32(bytes, check)`. */
export function beginCheck(record: Omit<MemberRecord, 'check'>): number {
  return crc32(encodeFields(record));
}

export function encodeRecord(record: MemberRecord): Buffer {
  const bytes = Buffer.alloc(RECORD_BYTES);
  bytes.set(encodeFields(record));
  bytes.writeUInt32LE(record.check, RECORD_BYTES - 4);
  return bytes;
}

function encodeFields(record: Omit<MemberRecord, 'check'>): Buffer {
  const bytes = Buffer.alloc(RECORD_BYTES - 4);
  bytes.writeUInt8(Buffer.byteLength(record.contentId), 0);
  bytes.writeUInt8(METHODS.indexOf(record.method), 1);
  bytes.write(record.contentId, 2);
  bytes.writeUInt32LE(record.offset, 72);
  bytes.writeUInt32LE(record.packedBytes, 76);
  bytes.writeUInt32LE(record.crc32, 80);
  bytes.writeDoubleLE(record.sizeBytes, 84);
  return bytes;
}

/** Reads the record at `at` of a segment's records, which the footer's check has covered. */
export function decodeRecord(records: Buffer, at: number): MemberRecord {
  return {
    contentId: records.toString('utf8', at + 2, at + 2 + records.readUInt8(at)),
    method: METHODS[records.readUInt8(at + 1)] ?? 'stored',
    offset: records.readUInt32LE(at + 72),
    packedBytes: records.readUInt32LE(at + 76),
    crc32: records.readUInt32LE(at + 80),
    sizeBytes: records.readDoubleLE(at + 84),
    check: records.readUInt32LE(at + RECORD_BYTES - 4),
  };
}

export interface Footer {
  readonly recordsOffset: number;
  readonly recordsBytes: number;
  readonly recordsCrc32: number;
}

export function encodeFooter(footer: Footer): Buffer {
  const bytes = Buffer.alloc(FOOTER_BYTES);
  bytes.set(KIND);
  bytes.writeUInt32LE(footer.recordsOffset, 16);
  bytes.writeUInt32LE(footer.recordsBytes, 20);
  bytes.writeUInt32LE(footer.recordsCrc32, 24);
  bytes.writeUInt32LE(crc32(bytes.subarray(0, 28)), 28);
  return bytes;
}

/** @returns undefined when this is not the footer of a segment that this program could have written in this size */
export function decodeFooter(bytes: Buffer, fileBytes: number): Footer | undefined {
  if (bytes.length !== FOOTER_BYTES || !KIND.equals(bytes.subarray(0, 16))) return undefined;
  if (crc32(bytes.subarray(0, 28)) !== bytes.readUInt32LE(28)) return undefined;
  const footer = {
    recordsOffset: bytes.readUInt32LE(16),
    recordsBytes: bytes.readUInt32LE(20),
    recordsCrc32: bytes.readUInt32LE(24),
  };
  return footer.recordsOffset + footer.recordsBytes + FOOTER_BYTES === fileBytes ? footer : undefined;
}
