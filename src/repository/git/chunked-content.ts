import { type CatFile, CatFileDied } from './cat-file.ts';

export interface ChunkedContent {
  readonly chunks: AsyncIterable<Buffer>;
  /** Throws away what the reader left. @throws CatFileDied */
  skipRest(): Promise<void>;
}

/**
 * A large content on its way out of a process, at the pace of its reader.
 *
 * @param rest gives what comes after an offset when the process has died
 */
export function chunkedContent(
  process: CatFile,
  sizeBytes: number,
  rest: (offset: number) => AsyncIterable<Buffer>,
): ChunkedContent {
  let leftBytes = sizeBytes;
  const next = async () => {
    const chunk = await process.some(leftBytes);
    leftBytes -= chunk.length;
    return chunk;
  };
  async function* chunks(): AsyncGenerator<Buffer> {
    try {
      while (leftBytes > 0) yield await next();
    } catch (error) {
      if (!(error instanceof CatFileDied)) throw error;
      yield* rest(sizeBytes - leftBytes);
    }
  }
  const skipRest = async () => {
    while (leftBytes > 0) await next();
  };
  return { chunks: { [Symbol.asyncIterator]: chunks }, skipRest };
}
