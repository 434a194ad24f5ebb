import { setTimeout } from 'node:timers/promises';
import { isPassing } from './s3-errors.ts';

/** Between two tries, each of which is several attempts already: a store that comes back is not stormed. */
const PAUSE_MS = 2000;

export interface Outage {
  /** For how long, from now on, a store may be away. */
  readonly outageMs: number;
  readonly signal: AbortSignal;
}

/**
 * Does something again and again while a store is away: what has been built for an hour is not thrown away because the store
 * is restarted.
 *
 * @throws what `work` throws last, and at once where it is of no use to try again; the reason of the signal
 */
export async function throughOutage<T>(work: () => Promise<T>, { outageMs, signal }: Outage): Promise<T> {
  const ends = performance.now() + outageMs;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      signal.throwIfAborted();
      if (!isPassing(error) || performance.now() >= ends) throw error;
      await setTimeout(PAUSE_MS, undefined, { signal }).catch(() => signal.throwIfAborted());
    }
  }
}
