import type { CoalescingWriter } from './coalescing-writer.ts';
import { type DosTime, dosTime } from './dos-time.ts';
import type { MemberPlace, PackedMember } from './member.ts';
import { centralHeader, endRecords, localHeader } from './zip-records.ts';

/** The most that a zip's 16-bit field for it can say. */
export const LONGEST_NAME_BYTES = 0xffff;

const DIRECTORY_BLOCK_BYTES = 64 * 1024;

/**
 * Writes a zip from front to back. Its bytes depend on nothing but the members and the time it is given.
 *
 * It owns the order of members: ascending by the bytes of their names, each name once. Only the central directory is
 * kept in memory, about a hundred bytes a member.
 */
export class ZipWriter {
  readonly #output: CoalescingWriter;
  readonly #modifiedAt: DosTime;
  readonly #directory: Buffer[] = [];
  #block: Buffer = Buffer.alloc(0);
  #blockUsed = 0;
  #entries = 0;
  #lastName: Uint8Array = new Uint8Array();

  /** @param modifiedAt the time of every member, in milliseconds since 1970 */
  constructor(output: CoalescingWriter, modifiedAt: number) {
    this.#output = output;
    this.#modifiedAt = dosTime(modifiedAt);
  }

  /** Appends a member. @throws Error when its name is too long, or not behind the one before */
  async add(place: MemberPlace, member: PackedMember): Promise<void> {
    const name = this.#nextName(place.path);
    const { method, crc32, sizeBytes, packedBytes } = member;
    const entry = { name, mode: place.mode, modifiedAt: this.#modifiedAt, method, crc32, sizeBytes, packedBytes };
    this.#keep(centralHeader(entry, this.#output.sizeBytes));
    this.#entries++;
    await this.#output.write(localHeader(entry));
    await this.#writeBody(place.path, member);
  }

  /** Appends the central directory. Nothing may be added afterwards. */
  async finish(): Promise<void> {
    const offset = this.#output.sizeBytes;
    this.#directory.push(this.#block.subarray(0, this.#blockUsed));
    for (const block of this.#directory) await this.#output.write(block);
    const sizeBytes = this.#output.sizeBytes - offset;
    await this.#output.write(endRecords({ entries: this.#entries, offset, sizeBytes }));
  }

  #nextName(path: string): Buffer {
    const name = Buffer.from(path);
    if (name.length > LONGEST_NAME_BYTES) throw new Error(`a zip cannot hold a name of ${name.length} bytes`);
    if (Buffer.compare(this.#lastName, name) >= 0) throw new Error(`'${path}' is not behind the member before it`);
    this.#lastName = name;
    return name;
  }

  async #writeBody(path: string, member: PackedMember): Promise<void> {
    const end = this.#output.sizeBytes + member.packedBytes;
    if (member.body instanceof Uint8Array) await this.#output.write(member.body);
    else for await (const chunk of member.body.read()) await this.#output.write(chunk);
    if (this.#output.sizeBytes !== end) throw new Error(`'${path}' has not the ${member.packedBytes} bytes it said`);
  }

  #keep(record: Buffer): void {
    if (this.#blockUsed + record.length > this.#block.length) {
      this.#directory.push(this.#block.subarray(0, this.#blockUsed));
      this.#block = Buffer.allocUnsafeSlow(Math.max(DIRECTORY_BLOCK_BYTES, record.length));
      this.#blockUsed = 0;
    }
    this.#block.set(record, this.#blockUsed);
    this.#blockUsed += record.length;
  }
}
