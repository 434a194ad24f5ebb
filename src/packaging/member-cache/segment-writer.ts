import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { CoalescingWriter } from '../coalescing-writer.ts';
import type { PackedMember } from '../member.ts';
import { beginCheck, encodeFooter, encodeRecord, LONGEST_ID_BYTES, type MemberRecord } from './segment-format.ts';

/** Members that are larger than this are packed again every time: one is read from a segment whole. */
export const LARGEST_MEMBER_BYTES = 32 * 1024 * 1024;

/** Whether a member may be kept at all. */
export function isKeepable(contentId: string, member: PackedMember): boolean {
  return member.packedBytes <= LARGEST_MEMBER_BYTES && Buffer.byteLength(contentId) <= LONGEST_ID_BYTES;
}

/**
 * Writes one segment beside its later name. Nothing is on disk before a block is full, so that a segment that stays
 * small enough to be thrown away costs nothing.
 */
export class SegmentWriter {
  readonly #path: string;
  readonly #writer = new CoalescingWriter((block) => this.#append(block));
  readonly #records: MemberRecord[] = [];
  #file: FileHandle | undefined;

  /** @param path where the segment will stand; nothing stands there yet */
  constructor(path: string) {
    this.#path = path;
  }

  get sizeBytes(): number {
    return this.#writer.sizeBytes;
  }

  async add(contentId: string, member: PackedMember): Promise<void> {
    const { method, crc32: contentCrc32, sizeBytes, packedBytes, body } = member;
    const offset = this.#writer.sizeBytes;
    const fields = { contentId, method, crc32: contentCrc32, sizeBytes, packedBytes, offset };
    let check = beginCheck(fields);
    for await (const chunk of body instanceof Uint8Array ? [body] : body.read()) {
      check = crc32(chunk, check);
      await this.#writer.write(chunk);
    }
    this.#records.push({ ...fields, check });
  }

  /**
   * Completes the segment and makes it visible.
   *
   * @param beforeVisible is told its size and may refuse by throwing
   * @returns its records
   */
  async commit(beforeVisible: (sizeBytes: number) => Promise<void>): Promise<readonly MemberRecord[]> {
    const recordsOffset = this.#writer.sizeBytes;
    let recordsCrc32 = 0;
    for (const record of this.#records) {
      const bytes = encodeRecord(record);
      recordsCrc32 = crc32(bytes, recordsCrc32);
      await this.#writer.write(bytes);
    }
    const recordsBytes = this.#writer.sizeBytes - recordsOffset;
    await this.#writer.write(encodeFooter({ recordsOffset, recordsBytes, recordsCrc32 }));
    await this.#writer.flush();
    await this.#close();
    await beforeVisible(this.#writer.sizeBytes);
    await rename(this.#temporaryPath, this.#path);
    return this.#records;
  }

  /** Throws away what was written. */
  async abort(): Promise<void> {
    await this.#writer.settle();
    await this.#close();
    await rm(this.#temporaryPath, { force: true });
  }

  get #temporaryPath(): string {
    return `${this.#path}.tmp`;
  }

  async #append(block: Uint8Array): Promise<void> {
    this.#file ??= await open(this.#temporaryPath, 'wx', 0o600);
    for (let at = 0; at < block.length; ) at += (await this.#file.write(block, at)).bytesWritten;
  }

  async #close(): Promise<void> {
    await this.#file?.close();
    this.#file = undefined;
  }
}
