import type { Database } from '../database/database.ts';
import { listWaitingApps } from '../database/pushes.ts';
import type { LaneSource } from './lanes.ts';

export interface PushLanesDeps {
  readonly database: Database;
  /** Sees to the pushes of an app that are due. */
  readonly build: (appKey: string, signal: AbortSignal) => Promise<void>;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
}

/** Apps whose pushes are seen to side by side, so that a repository that hangs keeps nobody else's waiting. */
const MOST_LANES = 4;

/**
 * The pushes that wait, with a lane for each app: its pushes in their order. Whatever ends in the middle is seen to again
 * after the next start.
 */
export function pushLanes({ database, build, clock }: PushLanesDeps): LaneSource {
  return {
    mostLanes: MOST_LANES,
    async next(busy) {
      const waiting = await listWaitingApps(database.read);
      const first = waiting.find(({ appKey }) => !busy.includes(appKey));
      if (first === undefined) return undefined;
      if (first.dueAt > clock()) return { at: first.dueAt };
      return { lane: first.appKey, perform: (signal) => build(first.appKey, signal) };
    },
  };
}
