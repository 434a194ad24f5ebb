export interface BackgroundWorkOptions {
  /** Ends early when the signal fires. */
  readonly work: (signal: AbortSignal) => Promise<unknown>;
  /** After a run that failed, the next begins by itself after so long. */
  readonly retryMs: number;
  /** After a run that ended well, the next begins by itself after so long; undefined for only when it is woken. */
  readonly everyMs?: number;
  readonly onError: (error: unknown) => void;
}

/** Work beside everything else, one run at a time. It starts idle, and never runs again once it was stopped. */
export class BackgroundWork {
  readonly #options: BackgroundWorkOptions;
  readonly #stopping = new AbortController();
  #running: Promise<void> | undefined;
  #wokenWhileRunning = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: BackgroundWorkOptions) {
    this.#options = options;
  }

  /** Begins a run; where one is under way, another one follows it. May be called at any time. */
  wake(): void {
    if (this.#stopping.signal.aborted) return;
    clearTimeout(this.#timer);
    this.#wokenWhileRunning = this.#running !== undefined;
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
      if (this.#wokenWhileRunning) this.wake();
    });
  }

  /** Resolves when nothing runs any more. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    clearTimeout(this.#timer);
    await this.#running;
  }

  async #run(): Promise<void> {
    const { work, retryMs, everyMs, onError } = this.#options;
    try {
      await work(this.#stopping.signal);
      if (everyMs !== undefined) this.#wakeIn(everyMs);
    } catch (error) {
      onError(error);
      this.#wakeIn(retryMs);
    }
  }

  #wakeIn(delayMs: number): void {
    if (this.#stopping.signal.aborted) return;
    this.#timer = setTimeout(() => this.wake(), delayMs).unref();
  }
}
