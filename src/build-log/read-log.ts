import { BlobError, type BlobStore } from '../blob/blob-store.ts';
import { listLogChunks } from '../database/build-log-chunks.ts';
import type { Database } from '../database/database.ts';
import type { BuildLogChunkRow } from '../database/schema.ts';
import type { PackageId } from '../domain/identifiers.ts';

export interface ReadLogDeps {
  readonly database: Pick<Database, 'read'>;
  readonly blobs: Pick<BlobStore, 'read'>;
}

/** Kept in memory at once: half a megabyte of text. */
const CHUNKS_AT_ONCE = 8;

/**
 * The bytes of a shared log from `start` up to, and not including, `end`, as far as there are any. That the log becomes a
 * blob meanwhile is not seen: what stands at a byte is the same before and after.
 */
export async function* readLog(
  deps: ReadLogDeps,
  packageId: PackageId,
  { start, end }: { readonly start: number; readonly end: number },
): AsyncGenerator<Uint8Array> {
  let position = start;
  let missing: string | undefined;
  while (position < end) {
    const chunks = await listLogChunks(deps.database.read, packageId, { from: position, limit: CHUNKS_AT_ONCE });
    if (chunks.length === 0) return;
    try {
      for (const chunk of chunks) {
        for await (const bytes of readChunk(deps, chunk, position, end)) {
          position += bytes.byteLength;
          yield bytes;
        }
      }
    } catch (error) {
      const key = chunks[0]?.blob_key;
      // Another blob has taken its place since, or the log was deleted: looking again tells.
      if (!(error instanceof BlobError) || error.kind !== 'missing' || key == null || key === missing) throw error;
      missing = key;
    }
  }
}

async function* readChunk(
  { blobs }: ReadLogDeps,
  { position, size_bytes, text, blob_key }: BuildLogChunkRow,
  start: number,
  end: number,
): AsyncGenerator<Uint8Array> {
  const from = start - position;
  const to = Math.min(end - position, size_bytes);
  if (from >= to) return;
  if (blob_key === null) yield Buffer.from(text ?? '').subarray(from, to);
  else yield* await blobs.read(blob_key, { start: from, end: to - 1 });
}
