import { pipeline, Readable } from 'node:stream';
import { crc32, createInflateRaw } from 'node:zlib';
import { quote } from '../domain/refusal.ts';
import { codeOf } from '../files/file-errors.ts';
import type { PackageEntry } from './package-entry.ts';
import { PackageUnreadable } from './package-unreadable.ts';

const INFLATED_CHUNK_BYTES = 64 * 1024;

/**
 * The content of a member, held against what the directory says of it: it never yields more bytes than that, and fails
 * at its end when there were fewer, or when their checksum is another.
 *
 * @param packed the member's bytes as they stand in the package; given up when the reader gives up
 * @throws PackageUnreadable; what `packed` throws passes through
 */
export async function* readContent(
  entry: PackageEntry,
  packed: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void> {
  let left = entry.sizeBytes;
  let checksum = 0;
  for await (const chunk of entry.method === 'stored' ? packed : inflate(entry, packed)) {
    left -= chunk.byteLength;
    if (left < 0)
      throw new PackageUnreadable(`${quote(entry.path)} has more than the ${entry.sizeBytes} bytes it says`);
    checksum = crc32(chunk, checksum);
    yield chunk;
  }
  if (left > 0) throw new PackageUnreadable(`${quote(entry.path)} has ${left} bytes fewer than it says`);
  if (checksum !== entry.crc32) throw new PackageUnreadable(`the checksum of ${quote(entry.path)} is wrong`);
}

async function* inflate(entry: PackageEntry, packed: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void> {
  const inflater = createInflateRaw({ chunkSize: INFLATED_CHUNK_BYTES });
  // Whichever side fails or is given up, the other ends with it; the loop below tells.
  pipeline(Readable.from(copies(packed)), inflater, () => undefined);
  try {
    for await (const chunk of inflater) yield chunk;
  } catch (error) {
    throw String(codeOf(error)).startsWith('Z_')
      ? new PackageUnreadable(`${quote(entry.path)} is damaged: it cannot be inflated`, { cause: error })
      : error;
  }
}

/** A stream asks for the next chunk before it has used up the one before. */
async function* copies(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer, void> {
  for await (const chunk of chunks) yield Buffer.from(chunk);
}
