import { setTimeout } from 'node:timers/promises';
import { isConnectionError } from './postgres-errors.ts';

/** A database that is restarted, or fails over, is away for so long: callers wait rather than fail. */
const PATIENCE_MS = 15_000;
const PAUSE_MS = 200;

/**
 * Does something that a broken connection leaves undone, and does it again while the database is away.
 *
 * @throws what it throws last; at once where that is no error of the connection
 */
export async function withPatience<T>(work: () => Promise<T>): Promise<T> {
  const ends = performance.now() + PATIENCE_MS;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!isConnectionError(error) || performance.now() >= ends) throw error;
      await setTimeout(PAUSE_MS);
    }
  }
}
