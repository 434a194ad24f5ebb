import { arch, versions } from 'node:process';
import { promisify } from 'node:util';
import { crc32, deflateRaw, type ZlibOptions } from 'node:zlib';
import { looksRandom } from './looks-random.ts';
import type { PackedMember } from './member.ts';

const deflateWhole = promisify<Uint8Array, ZlibOptions, Buffer>(deflateRaw);

/**
 * Level 3 packs the bench's tree in the time of level 1 and to 1 % of the size of level 6, which takes half as long
 * again (docs/benchmarks.md).
 */
export const DEFLATE_OPTIONS = { level: 3, memLevel: 9 } as const satisfies ZlibOptions;

/** Setting up costs a tenth of a millisecond, which so few bytes never earn back. */
const LEAST_DEFLATED_BYTES = 64;

/** Names everything that the bytes of a deflated member depend on besides its content. */
export const DEFLATE_KIND = `zlib ${versions.zlib} ${arch} level ${DEFLATE_OPTIONS.level} memory ${DEFLATE_OPTIONS.memLevel}`;

/** Packs a content that is whole in memory, on the thread pool. A content that does not shrink is stored. */
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
  return await deflateWhole(bytes, { ...DEFLATE_OPTIONS, chunkSize: Math.max(64, bytes.length) });
}
