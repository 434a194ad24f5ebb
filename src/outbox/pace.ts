import { setTimeout } from 'node:timers/promises';

/** Resolves in turn for each who asks, with some time between the one and the next. @throws the reason of `signal` */
export type Pace = (signal: AbortSignal) => Promise<void>;

/** @param gapMs who asks after so much quiet does not wait */
export function openPace(gapMs: number): Pace {
  let freeAt = 0;
  return async (signal) => {
    const now = performance.now();
    const at = Math.max(now, freeAt);
    freeAt = at + gapMs;
    if (at > now) await setTimeout(at - now, undefined, { signal });
  };
}
