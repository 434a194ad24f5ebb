import type { FileHandle } from 'node:fs/promises';

/** Measured beside 64 KiB to 2 MiB: smaller costs calls, larger leaves the processor's cache. */
const CHUNK_BYTES = 512 * 1024;

/**
 * Reads a part of a file through two buffers that take turns: one is filled while the reader is busy with the other. A
 * chunk keeps its bytes until the next one is asked for. Measured beside a stream, which fills a fresh buffer for each
 * chunk: more than half as fast again.
 *
 * Closes the file when it ends or is given up.
 *
 * @param range inclusive, and not empty
 * @throws Error when the file ends before the range does
 */
export async function* readChunks(
  file: FileHandle,
  { start, end }: { readonly start: number; readonly end: number },
): AsyncGenerator<Uint8Array> {
  const [first, second] = [allocate(end - start + 1), allocate(end - start + 1 - CHUNK_BYTES)];
  let position = start;
  let filling = fill(file, first, position, end);
  try {
    for (let next = second, current = first; position <= end; [current, next] = [next, current]) {
      const chunk = await filling;
      position += chunk.length;
      if (position <= end) filling = fill(file, next, position, end);
      yield chunk;
    }
  } finally {
    await filling.catch(() => undefined);
    await file.close();
  }
}

function allocate(mostBytes: number): Uint8Array {
  return Buffer.allocUnsafeSlow(Math.max(0, Math.min(CHUNK_BYTES, mostBytes)));
}

async function fill(file: FileHandle, buffer: Uint8Array, position: number, end: number): Promise<Uint8Array> {
  const wanted = Math.min(buffer.length, end - position + 1);
  const { bytesRead } = await file.read(buffer, 0, wanted, position);
  if (bytesRead === 0) throw new Error(`The file ends at byte ${position}, before byte ${end}.`);
  return buffer.subarray(0, bytesRead);
}
