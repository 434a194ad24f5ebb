import { setTimeout } from 'node:timers/promises';
import { DatabaseUnavailable } from '../database/database-unavailable.ts';

const PAUSE_MS = 1000;

/**
 * Writes something down, and goes on trying while the database is away: what a build has come to is not lost for that.
 *
 * @param signal ends it, as soon as the build is somebody else's
 * @throws what `work` throws besides DatabaseUnavailable; the reason of the signal
 */
export async function insist<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof DatabaseUnavailable)) throw error;
      signal.throwIfAborted();
      await setTimeout(PAUSE_MS, undefined, { signal }).catch(() => signal.throwIfAborted());
    }
  }
}
