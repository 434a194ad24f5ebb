import { type FileHandle, open } from 'node:fs/promises';
import { setImmediate as breathe } from 'node:timers/promises';
import { crc32 } from 'node:zlib';
import { decodeFooter, decodeRecord, FOOTER_BYTES, type MemberRecord, RECORD_BYTES } from './segment-format.ts';

/** Records handled between two pauses: well under a millisecond. */
const RECORDS_PER_TURN = 2_000;

/**
 * Reads the records of a segment.
 *
 * @returns undefined when it is damaged, of another kind, or not there
 */
export async function readRecords(path: string): Promise<readonly MemberRecord[] | undefined> {
  const file = await open(path).catch(() => undefined);
  try {
    const bytes = file && (await readRecordBytes(file));
    return bytes && (await decodeRecords(bytes));
  } catch {
    return undefined;
  } finally {
    await file?.close();
  }
}

async function readRecordBytes(file: FileHandle): Promise<Buffer | undefined> {
  const { size } = await file.stat();
  const footer = decodeFooter(await readExactly(file, Math.max(0, size - FOOTER_BYTES), FOOTER_BYTES), size);
  if (footer === undefined) return undefined;
  const bytes = await readExactly(file, footer.recordsOffset, footer.recordsBytes);
  return crc32(bytes) === footer.recordsCrc32 ? bytes : undefined;
}

async function decodeRecords(bytes: Buffer): Promise<readonly MemberRecord[]> {
  const records: MemberRecord[] = [];
  for (let at = 0; at + RECORD_BYTES <= bytes.length; at += RECORD_BYTES) {
    records.push(decodeRecord(bytes, at));
    if (records.length % RECORDS_PER_TURN === 0) await breathe();
  }
  return records;
}

async function readExactly(file: FileHandle, offset: number, sizeBytes: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafeSlow(sizeBytes);
  if (!(await fillFrom(file, bytes, offset))) throw new Error(`the file ends before byte ${offset + sizeBytes}`);
  return bytes;
}

/** Fills a buffer from a place in a file. @returns false when the file ends before */
export async function fillFrom(file: FileHandle, into: Buffer, offset: number): Promise<boolean> {
  for (let filled = 0; filled < into.length; ) {
    const { bytesRead } = await file.read(into, filled, into.length - filled, offset + filled);
    if (bytesRead === 0) return false;
    filled += bytesRead;
  }
  return true;
}
