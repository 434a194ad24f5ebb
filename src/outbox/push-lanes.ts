import type { Database } from '../database/database.ts';
import { listWaitingApps } from '../database/pushes.ts';

export interface PushLanesOptions {
  readonly database: Database;
  /** Sees to what waits in an app. @returns when to come back */
  readonly build: (appKey: string, signal: AbortSignal) => Promise<number | undefined>;
  readonly clock: () => number;
  readonly onError: (error: unknown) => void;
}

/** Apps whose pushes are seen to side by side, so that a repository that hangs keeps nobody else's waiting. */
const MOST_LANES = 4;
const RETRY_MS = 1000;
/** No timer of Node is set for longer than 24 days; nothing waits for longer than this. */
const LONGEST_WAIT_MS = 60 * 60 * 1000;

/**
 * Sees to the pushes that wait, each app's in their order, now and whenever one is due. It keeps nothing: whatever ends in
 * the middle is seen to again after the next start.
 */
export class PushLanes {
  readonly #options: PushLanesOptions;
  readonly #stopping = new AbortController();
  readonly #lanes = new Map<string, Promise<void>>();
  #looking: Promise<void> | undefined;
  #wokenWhileLooking = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: PushLanesOptions) {
    this.#options = options;
  }

  /** Looks for what is due. May be called at any time. */
  wake(): void {
    if (this.#stopping.signal.aborted) return;
    this.#wokenWhileLooking = this.#looking !== undefined;
    this.#looking ??= this.#look()
      .catch((error: unknown) => this.#pause(error))
      .finally(() => {
        this.#looking = undefined;
        if (this.#wokenWhileLooking) this.wake();
      });
  }

  /** Abandons what is under way. Resolves when nothing runs any more. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    clearTimeout(this.#timer);
    await this.#looking;
    await Promise.all(this.#lanes.values());
  }

  async #look(): Promise<void> {
    clearTimeout(this.#timer);
    const { database, clock } = this.#options;
    const waiting = (await listWaitingApps(database.read)).filter(({ appKey }) => !this.#lanes.has(appKey));
    if (this.#stopping.signal.aborted) return;
    const isDue = ({ dueAt }: { readonly dueAt: number }) => dueAt <= clock();
    for (const { appKey } of waiting.filter(isDue).slice(0, MOST_LANES - this.#lanes.size)) this.#start(appKey);
    const next = waiting.find((app) => !isDue(app));
    if (next !== undefined) this.#wakeIn(next.dueAt - clock());
  }

  #start(appKey: string): void {
    const lane = this.#options.build(appKey, this.#stopping.signal).then(
      () => {
        this.#lanes.delete(appKey);
        this.wake();
      },
      (error: unknown) => {
        this.#lanes.delete(appKey);
        this.#pause(error);
      },
    );
    this.#lanes.set(appKey, lane);
  }

  /** The database itself could not be used, and keeps no time of the next attempt. */
  #pause(error: unknown): void {
    this.#options.onError(error);
    this.#wakeIn(RETRY_MS);
  }

  #wakeIn(delayMs: number): void {
    if (this.#stopping.signal.aborted) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.wake(), Math.min(Math.max(delayMs, 0), LONGEST_WAIT_MS)).unref();
  }
}
