import { arch, versions } from 'node:process';
import { promisify } from 'node:util';
import { crc32, deflateRaw, deflateRawSync, type ZlibOptions } from 'node:zlib';
import { looksRandom } from './looks-random.ts';
import type { PackedMember } from './member.ts';

const deflateWhole = promisify<Uint8Array, ZlibOptions, Buffer>(deflateRaw);

/**
 * Measured on 24 MB of source code, with `memLevel` 9: level 1 takes 203 ms and leaves 6.90 MB, 2 takes 189 ms and leaves
 * 6.70, 3 takes 228 ms and leaves 6.58, 6 takes 418 ms and leaves 6.05. A build waits for it, and disks are large.
 */
export const DEFLATE_OPTIONS = { level: 2, memLevel: 9 } as const satisfies ZlibOptions;

/** Setting up costs a tenth of a millisecond, which so few bytes never earn back. */
const LEAST_DEFLATED_BYTES = 64;

/** Deflating so few bytes in place takes a few hundredths of a millisecond: less than sending them to the thread pool. */
const MOST_BYTES_IN_PLACE = 1024;

/** Names everything that the bytes of a deflated member depend on besides its content. */
export const DEFLATE_KIND = `zlib ${versions.zlib} ${arch} level ${DEFLATE_OPTIONS.level} memory ${DEFLATE_OPTIONS.memLevel}`;

/** Packs a content that is whole in memory, on the thread pool unless it is tiny. A content that does not shrink is stored. */
export async function packBytes(bytes: Uint8Array): Promise<PackedMember> {
  const facts = { crc32: crc32(bytes), sizeBytes: bytes.length };
  const deflated = looksRandom(bytes) ? undefined : await deflate(bytes);
  return deflated !== undefined && deflated.length < bytes.length
    ? { ...facts, method: 'deflated', packedBytes: deflated.length, body: deflated }
    : { ...facts, method: 'stored', packedBytes: bytes.length, body: bytes };
}

async function deflate(bytes: Uint8Array): Promise<Uint8Array | undefined> {
  if (bytes.length < LEAST_DEFLATED_BYTES) return undefined;
  // One chunk that holds all: what is returned in pieces costs a trip to the pool for each.
  const options = { ...DEFLATE_OPTIONS, chunkSize: Math.max(64, bytes.length) };
  return bytes.length <= MOST_BYTES_IN_PLACE ? deflateRawSync(bytes, options) : await deflateWhole(bytes, options);
}
