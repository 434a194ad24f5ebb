import { type CatFile, CatFileDied } from './cat-file.ts';
import type { CatFilePool } from './cat-file-pool.ts';
import { MOST_DEATHS, parseHeader, unreadableObject } from './object-header.ts';
import type { ObjectMemory } from './object-memory.ts';

export interface ObjectSource {
  readonly pool: CatFilePool;
  readonly gitDir: string;
  readonly memory: ObjectMemory;
  /**
   * Gets every object anew, after one could not be read; absent where there is nowhere to get them from.
   *
   * @param since `performance.now()` from before the reading: what was got after that is not got again
   */
  readonly repair?: (since: number, signal: AbortSignal) => Promise<void>;
}

/**
 * Reads what comes after an offset of a large content, when the process that read it before has died. When processes die
 * without getting any further, the source is repaired once.
 *
 * @throws RepositoryError `unreadable` when that does not help
 */
export async function* resumeContent(
  source: ObjectSource,
  id: string,
  offset: number,
  signal: AbortSignal,
): AsyncGenerator<Buffer, void, undefined> {
  const startedAt = performance.now();
  let position = offset;
  let repair = source.repair;
  for (let deaths = 1; ; deaths++) {
    signal.throwIfAborted();
    if (deaths >= MOST_DEATHS) {
      if (repair === undefined) throw unreadableObject(id, undefined);
      await repair(startedAt, signal);
      repair = undefined;
      deaths = 0;
    }
    const process = await source.pool.lease(source.gitDir, 'content', signal);
    const onAbort = () => process.kill();
    signal.addEventListener('abort', onAbort, { once: true });
    let isDone = false;
    try {
      for await (const chunk of contentFrom(process, id, position)) {
        position += chunk.length;
        deaths = 0;
        yield chunk;
      }
      isDone = true;
      return;
    } catch (error) {
      if (!(error instanceof CatFileDied)) throw error;
    } finally {
      signal.removeEventListener('abort', onAbort);
      source.pool.release(process, 'content', isDone);
    }
  }
}

async function* contentFrom(process: CatFile, id: string, offset: number): AsyncGenerator<Buffer, void, undefined> {
  process.send(`contents ${id}\nflush\n`);
  const header = parseHeader(await process.line());
  if (!header.found) throw unreadableObject(id, undefined);
  for (let at = 0; at < header.sizeBytes; ) {
    const chunk = await process.some(header.sizeBytes - at);
    if (at + chunk.length > offset) yield chunk.subarray(Math.max(0, offset - at));
    at += chunk.length;
  }
  await process.take(1);
}
