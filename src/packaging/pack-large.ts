import { pipeline } from 'node:stream/promises';
import { crc32, createDeflateRaw, createInflateRaw, type DeflateRaw, type InflateRaw } from 'node:zlib';
import { DEFLATE_OPTIONS } from './deflate.ts';
import type { PackedMember } from './member.ts';
import { Spool } from './spool.ts';

const BLOCK_BYTES = 256 * 1024;

export interface SpooledMember extends PackedMember {
  /** Frees what the member holds on disk. */
  close(): Promise<void>;
}

/**
 * Packs a content of any size through bounded memory: deflated into a file, from where it goes into the package. What
 * did not shrink is inflated back, so that the source is read once.
 *
 * @param folder for the file, which has no name and is gone when the member is closed or the process ends
 */
export async function packLarge(
  content: AsyncIterable<Uint8Array>,
  folder: string,
  signal: AbortSignal,
): Promise<SpooledMember> {
  const facts = { crc32: 0, sizeBytes: 0 };
  const deflate = createDeflateRaw({ ...DEFLATE_OPTIONS, chunkSize: BLOCK_BYTES });
  const deflated = await spoolThrough(counted(inBlocks(content), facts), deflate, folder, signal);
  if (deflated.writer.sizeBytes < facts.sizeBytes) return spooledMember(deflated, 'deflated', facts);
  try {
    const inflate = createInflateRaw({ chunkSize: BLOCK_BYTES });
    return spooledMember(await spoolThrough(copied(deflated.read()), inflate, folder, signal), 'stored', facts);
  } finally {
    await deflated.close();
  }
}

function spooledMember(
  spool: Spool,
  method: PackedMember['method'],
  facts: { readonly crc32: number; readonly sizeBytes: number },
): SpooledMember {
  return { ...facts, method, packedBytes: spool.writer.sizeBytes, body: spool, close: () => spool.close() };
}

async function spoolThrough(
  source: AsyncIterable<Uint8Array>,
  transform: DeflateRaw | InflateRaw,
  folder: string,
  signal: AbortSignal,
): Promise<Spool> {
  const spool = await Spool.open(folder);
  const sink = async (chunks: AsyncIterable<Uint8Array>) => {
    for await (const chunk of chunks) await spool.writer.write(chunk);
    await spool.writer.flush();
  };
  try {
    await pipeline(source, transform, sink, { signal });
    return spool;
  } catch (error) {
    await spool.close();
    signal.throwIfAborted();
    throw error;
  }
}

async function* counted(
  blocks: AsyncIterable<Uint8Array>,
  facts: { crc32: number; sizeBytes: number },
): AsyncGenerator<Uint8Array> {
  for await (const block of blocks) {
    facts.crc32 = crc32(block, facts.crc32);
    facts.sizeBytes += block.length;
    yield block;
  }
}

/** Blocks of one size, however the content comes: the deflated bytes must not depend on how it was cut. */
async function* inBlocks(content: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let block = Buffer.allocUnsafe(BLOCK_BYTES);
  let used = 0;
  for await (const chunk of content) {
    for (let at = 0; at < chunk.length; ) {
      const part = chunk.subarray(at, at + BLOCK_BYTES - used);
      block.set(part, used);
      used += part.length;
      at += part.length;
      if (used < BLOCK_BYTES) continue;
      yield block;
      block = Buffer.allocUnsafe(BLOCK_BYTES);
      used = 0;
    }
  }
  if (used > 0) yield block.subarray(0, used);
}

/** A stream keeps chunks for a while; a spool overwrites them. */
async function* copied(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) yield Buffer.from(chunk);
}
