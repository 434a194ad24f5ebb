import { crc32, deflateRawSync } from 'node:zlib';
import type { BlobStore } from '../../src/blob/blob-store.ts';
import { CoalescingWriter } from '../../src/packaging/coalescing-writer.ts';
import { packBytes } from '../../src/packaging/deflate.ts';
import { ZipWriter } from '../../src/packaging/zip-writer.ts';

/** A package as Slipway writes it: contents by their paths. */
export async function makeZip(contents: Readonly<Record<string, string | Uint8Array>>): Promise<Buffer> {
  const blocks: Buffer[] = [];
  const output = new CoalescingWriter(async (block) => {
    blocks.push(Buffer.from(block));
  });
  const zip = new ZipWriter(output, Date.UTC(2026, 0, 1));
  const members = Object.entries(contents).map(([path, content]) => ({ path, content: Buffer.from(content) }));
  members.sort((a, b) => Buffer.compare(Buffer.from(a.path), Buffer.from(b.path)));
  for (const { path, content } of members) await zip.add({ path, mode: 'file' }, await packBytes(content));
  await zip.finish();
  await output.flush();
  return Buffer.concat(blocks);
}

/** The package of a Mendix app, as small as it gets. */
export function makeMendixPackage(metadata: object, contents: Readonly<Record<string, string>> = {}): Promise<Buffer> {
  return makeZip({ 'model/metadata.json': JSON.stringify(metadata), 'web/index.html': '<html></html>', ...contents });
}

/** What a member of a crafted zip says, right or wrong. */
export interface CraftedMember {
  readonly name: string | Uint8Array;
  readonly content?: string | Uint8Array;
  /** 0 stored, 8 deflated; what it says otherwise, its bytes are deflated unless it is 0. */
  readonly method?: number;
  readonly flags?: number;
  /** Of a Unix host. */
  readonly mode?: number;
  /** In place of the true ones. */
  readonly sizeBytes?: number;
  readonly packedBytes?: number;
  readonly crc32?: number;
  readonly offset?: number;
  /** Whether its sizes stand behind its bytes, as in a zip that was written as a stream. */
  readonly hasDescriptor?: boolean;
  /** Whether its sizes stand in a zip64 field, needed or not. */
  readonly isZip64?: boolean;
}

/** A zip from wherever, written byte by byte. @param claimed what its end says in place of the true count */
export function craftZip(members: readonly CraftedMember[], claimed: { readonly entries?: number } = {}): Buffer {
  const bodies: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const member of members) {
    const facts = factsOf(member, offset);
    const body = Buffer.concat([
      localHeader(facts),
      facts.packed,
      facts.hasDescriptor ? descriptor(facts) : Buffer.alloc(0),
    ]);
    bodies.push(body);
    directory.push(directoryLine(facts));
    offset += body.length;
  }
  const lines = Buffer.concat(directory);
  return Buffer.concat([...bodies, lines, end(claimed.entries ?? members.length, lines.length, offset)]);
}

/** Stores bytes under a key, as a package would be. */
export async function storeBlob(blobs: BlobStore, key: string, bytes: Uint8Array): Promise<void> {
  const writer = await blobs.create(key);
  await writer.write(bytes);
  await writer.commit();
}

function factsOf(member: CraftedMember, offset: number) {
  const content = Buffer.from(member.content ?? '');
  const method = member.method ?? 8;
  const packed = method === 0 ? content : deflateRawSync(content);
  const hasDescriptor = member.hasDescriptor ?? false;
  return {
    isZip64: false,
    mode: 0o100644,
    sizeBytes: content.length,
    packedBytes: packed.length,
    crc32: crc32(content),
    offset,
    ...member,
    hasDescriptor,
    name: Buffer.from(member.name),
    flags: member.flags ?? 0x800 | (hasDescriptor ? 8 : 0),
    method,
    packed,
  };
}

type Facts = ReturnType<typeof factsOf>;

const FULL_32 = 0xffff_ffff;

function shared({ flags, method, crc32, sizeBytes, packedBytes, name, isZip64 }: Facts, extra: Buffer): Buffer {
  const record = Buffer.alloc(24);
  record.writeUInt16LE(flags, 0);
  record.writeUInt16LE(method, 2);
  record.writeUInt32LE(crc32, 8);
  record.writeUInt32LE(isZip64 ? FULL_32 : packedBytes, 12);
  record.writeUInt32LE(isZip64 ? FULL_32 : sizeBytes, 16);
  record.writeUInt16LE(name.length, 20);
  record.writeUInt16LE(extra.length, 22);
  return record;
}

function localHeader(facts: Facts): Buffer {
  const start = Buffer.from([0x50, 0x4b, 3, 4, 45, 0]);
  const told = facts.hasDescriptor ? { ...facts, crc32: 0, sizeBytes: 0, packedBytes: 0 } : facts;
  const extra = zip64Field(told, []);
  return Buffer.concat([start, shared(told, extra), facts.name, extra]);
}

function descriptor({ crc32, packedBytes, sizeBytes }: Facts): Buffer {
  const record = Buffer.alloc(16);
  record.writeUInt32LE(0x08074b50, 0);
  record.writeUInt32LE(crc32, 4);
  record.writeUInt32LE(packedBytes, 8);
  record.writeUInt32LE(sizeBytes, 12);
  return record;
}

function directoryLine(facts: Facts): Buffer {
  const start = Buffer.from([0x50, 0x4b, 1, 2, 45, 3, 45, 0]);
  const extra = zip64Field(facts, [facts.offset]);
  const rest = Buffer.alloc(14);
  rest.writeUInt32LE(facts.mode * 0x1_0000, 6);
  rest.writeUInt32LE(facts.isZip64 ? FULL_32 : facts.offset, 10);
  return Buffer.concat([start, shared(facts, extra), rest, facts.name, extra]);
}

function zip64Field({ isZip64, sizeBytes, packedBytes }: Facts, more: readonly number[]): Buffer {
  if (!isZip64) return Buffer.alloc(0);
  const values = [sizeBytes, packedBytes, ...more];
  const field = Buffer.alloc(4 + 8 * values.length);
  field.writeUInt16LE(1, 0);
  field.writeUInt16LE(8 * values.length, 2);
  values.forEach((value, index) => {
    field.writeBigUInt64LE(BigInt(value), 4 + 8 * index);
  });
  return field;
}

function end(entries: number, sizeBytes: number, offset: number): Buffer {
  const record = Buffer.alloc(22);
  record.writeUInt32LE(0x06054b50, 0);
  record.writeUInt16LE(entries & 0xffff, 8);
  record.writeUInt16LE(entries & 0xffff, 10);
  record.writeUInt32LE(sizeBytes, 12);
  record.writeUInt32LE(offset, 16);
  return record;
}
