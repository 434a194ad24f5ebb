import assert from 'node:assert/strict';
import { crc32, inflateRawSync } from 'node:zlib';

/** A member as the zip tells it. */
export interface ReadMember {
  readonly name: string;
  /** As in `stat`, with the kind of the file. */
  readonly mode: number;
  readonly method: number;
  readonly flags: number;
  readonly modified: string;
  readonly crc32: number;
  readonly sizeBytes: number;
  readonly packedBytes: number;
  readonly offset: number;
  /** Reads and checks the content. */
  content(): Promise<Buffer>;
}

/** Answers so many bytes from a place of the zip. */
export type ReadAt = (offset: number, sizeBytes: number) => Promise<Buffer>;

export interface ZipFile {
  readonly sizeBytes: number;
  readonly readAt: ReadAt;
}

/**
 * Reads a zip by the book (PKWARE's APPNOTE), knowing nothing of how it was written, and holds it to more than readers
 * do: members stand back to back in the order of the directory, and local headers say the same as the directory.
 */
export async function readZip(zip: Buffer | ZipFile): Promise<readonly ReadMember[]> {
  const { sizeBytes, readAt } = 'readAt' in zip ? zip : inMemory(zip);
  const end = await readEnd(readAt, sizeBytes);
  const directory = await readAt(end.offset, end.sizeBytes);
  const members: ReadMember[] = [];
  for (let at = 0; at < directory.length; ) {
    const [member, next] = readDirectoryLine(directory, at, readAt);
    members.push(member);
    at = next;
  }
  assert.equal(members.length, end.entries);
  await checkLayout(members, readAt, end.offset);
  return members;
}

function inMemory(zip: Buffer): ZipFile {
  return { sizeBytes: zip.length, readAt: async (offset, sizeBytes) => zip.subarray(offset, offset + sizeBytes) };
}

async function readEnd(readAt: ReadAt, sizeBytes: number) {
  const end = await readAt(sizeBytes - 22, 22);
  assert.equal(end.readUInt32LE(0), 0x06054b50, 'the end record stands last, without a comment');
  const plain = { entries: end.readUInt16LE(10), sizeBytes: end.readUInt32LE(12), offset: end.readUInt32LE(16) };
  const isLarge = plain.entries === 0xffff || plain.sizeBytes === 0xffffffff || plain.offset === 0xffffffff;
  if (!isLarge) {
    assert.equal(plain.offset + plain.sizeBytes + 22, sizeBytes);
    return plain;
  }
  const locator = await readAt(sizeBytes - 42, 20);
  assert.equal(locator.readUInt32LE(0), 0x07064b50);
  const at = Number(locator.readBigUInt64LE(8));
  assert.equal(at, sizeBytes - 42 - 56);
  const large = await readAt(at, 56);
  assert.equal(large.readUInt32LE(0), 0x06064b50);
  const read = (offset: number) => Number(large.readBigUInt64LE(offset));
  assert.equal(read(48) + read(40), at);
  return { entries: read(32), sizeBytes: read(40), offset: read(48) };
}

function readDirectoryLine(directory: Buffer, at: number, readAt: ReadAt): readonly [ReadMember, number] {
  assert.equal(directory.readUInt32LE(at), 0x02014b50);
  assert.equal(directory.readUInt8(at + 5), 3, 'made by unix');
  const nameLength = directory.readUInt16LE(at + 28);
  const extraLength = directory.readUInt16LE(at + 30);
  const name = directory.toString('utf8', at + 46, at + 46 + nameLength);
  const extra = directory.subarray(at + 46 + nameLength, at + 46 + nameLength + extraLength);
  let used = 4;
  const orLarge = (value: number) => {
    if (value !== 0xffffffff) return value;
    used += 8;
    return Number(extra.readBigUInt64LE(used - 8));
  };
  const sizeBytes = orLarge(directory.readUInt32LE(at + 24));
  const packedBytes = orLarge(directory.readUInt32LE(at + 20));
  const offset = orLarge(directory.readUInt32LE(at + 42));
  assert.equal(extraLength, used === 4 ? 0 : used);
  const facts = {
    name,
    mode: directory.readUInt32LE(at + 38) >>> 16,
    method: directory.readUInt16LE(at + 10),
    flags: directory.readUInt16LE(at + 8),
    modified: presentTime(directory.readUInt16LE(at + 14), directory.readUInt16LE(at + 12)),
    crc32: directory.readUInt32LE(at + 16),
    sizeBytes,
    packedBytes,
    offset,
  };
  const content = async () => {
    const packed = await readAt((await bodyStart(facts, readAt)).start, packedBytes);
    const bytes = facts.method === 8 ? inflateRawSync(packed) : packed;
    assert.equal(bytes.length, sizeBytes);
    assert.equal(crc32(bytes), facts.crc32, `the checksum of ${name}`);
    return bytes;
  };
  return [{ ...facts, content }, at + 46 + nameLength + extraLength];
}

async function checkLayout(members: readonly ReadMember[], readAt: ReadAt, end: number): Promise<void> {
  let expected = 0;
  for (const member of members) {
    assert.equal(member.offset, expected, `${member.name} begins where the member before it ends`);
    const { start, header } = await bodyStart(member, readAt);
    const isLarge = header.readUInt32LE(18) === 0xffffffff;
    assert.equal(header.readUInt32LE(14), member.crc32);
    assert.equal(isLarge, member.sizeBytes >= 0xffffffff || member.packedBytes >= 0xffffffff);
    if (!isLarge) {
      assert.equal(header.readUInt32LE(18), member.packedBytes);
      assert.equal(header.readUInt32LE(22), member.sizeBytes);
    }
    expected = start + member.packedBytes;
  }
  assert.equal(expected, end);
}

async function bodyStart({ name, offset, method, flags }: Omit<ReadMember, 'content'>, readAt: ReadAt) {
  const header = await readAt(offset, 30);
  assert.equal(header.readUInt32LE(0), 0x04034b50);
  assert.equal(header.readUInt16LE(6), flags);
  assert.equal(header.readUInt16LE(8), method);
  const nameLength = header.readUInt16LE(26);
  assert.equal((await readAt(offset + 30, nameLength)).toString(), name);
  return { header, start: offset + 30 + nameLength + header.readUInt16LE(28) };
}

function presentTime(date: number, time: number): string {
  const two = (value: number) => String(value).padStart(2, '0');
  const day = `${(date >> 9) + 1980}-${two((date >> 5) & 15)}-${two(date & 31)}`;
  return `${day} ${two(time >> 11)}:${two((time >> 5) & 63)}:${two((time & 31) * 2)}`;
}
