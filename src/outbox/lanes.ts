/**
 * Work that waits to be done, in lanes: what is in one lane is done one at a time, and a lane that hangs keeps no other
 * one waiting.
 */
export interface LaneSource {
  /** How many lanes are worked in side by side. */
  readonly mostLanes: number;
  /**
   * Finds what may begin now, or when it may.
   *
   * @param busy lanes that are being worked in, of which nothing may begin
   * @returns undefined where nothing waits in any other lane
   */
  next(busy: readonly string[]): Promise<LaneWork | { readonly at: number } | undefined>;
}

export interface LaneWork {
  readonly lane: string;
  /** Does it, and writes down what became of it; nothing is written once `signal` is aborted. */
  perform(signal: AbortSignal): Promise<void>;
}

export interface LanesOptions {
  readonly source: LaneSource;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  /** Told of what a source has not foreseen; it is asked again a little later. */
  readonly onError: (error: unknown) => void;
}

const PAUSE_MS = 1000;
/** Clocks may be set: what is far away is looked for again before. */
const LONGEST_WAIT_MS = 60 * 60 * 1000;

/** Works in the lanes of a source: whenever it is woken, whenever a lane has ended, and when the source says. */
export class Lanes {
  readonly #options: LanesOptions;
  readonly #stopping = new AbortController();
  readonly #lanes = new Map<string, Promise<void>>();
  #timer: NodeJS.Timeout | undefined;
  #filling: Promise<void> | undefined;
  #wokenWhileFilling = false;

  constructor(options: LanesOptions) {
    this.#options = options;
  }

  /** Looks for what may begin. May be called at any time. */
  wake(): void {
    if (this.#stopping.signal.aborted) return;
    if (this.#filling !== undefined) {
      this.#wokenWhileFilling = true;
      return;
    }
    this.#wokenWhileFilling = false;
    clearTimeout(this.#timer);
    this.#filling = this.#fill()
      .catch((error: unknown) => this.#pause(error))
      .finally(() => {
        this.#filling = undefined;
        if (this.#wokenWhileFilling) this.wake();
      });
  }

  /** Abandons what is under way; it is done again after the next start. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    clearTimeout(this.#timer);
    await this.#filling;
    await Promise.all(this.#lanes.values());
  }

  async #fill(): Promise<void> {
    const { source, clock } = this.#options;
    while (this.#lanes.size < source.mostLanes && !this.#stopping.signal.aborted) {
      const next = await source.next([...this.#lanes.keys()]);
      if (next === undefined) return;
      if ('at' in next) return this.#wakeIn(Math.min(Math.max(next.at - clock(), 0), LONGEST_WAIT_MS));
      this.#begin(next);
    }
  }

  #begin({ lane, perform }: LaneWork): void {
    const work = perform(this.#stopping.signal).then(
      () => {
        this.#lanes.delete(lane);
        this.wake();
      },
      (error: unknown) => {
        this.#lanes.delete(lane);
        this.#pause(error);
      },
    );
    this.#lanes.set(lane, work);
  }

  /** The database itself could not be used, and keeps no time of the next attempt. */
  #pause(error: unknown): void {
    if (!this.#stopping.signal.aborted) this.#options.onError(error);
    this.#wakeIn(PAUSE_MS);
  }

  #wakeIn(delayMs: number): void {
    if (this.#stopping.signal.aborted) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.wake(), delayMs).unref();
  }
}
