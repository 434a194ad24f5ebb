import { untilAborted } from './until-aborted.ts';

/**
 * Runs one piece of work at a time for many callers. Whoever asks gets a run that began after asking, so that what
 * happened before is seen; all who ask while one is running share the next. A run is aborted when nobody waits for it
 * any more.
 */
export class SharedRuns<T> {
  readonly #work: (signal: AbortSignal) => Promise<T>;
  #running: Promise<unknown> = Promise.resolve();
  #next: Run<T> | undefined;

  constructor(work: (signal: AbortSignal) => Promise<T>) {
    this.#work = work;
  }

  /** @throws what the work throws; the reason of `signal` as soon as it fires */
  async run(signal: AbortSignal): Promise<T> {
    signal.throwIfAborted();
    this.#next ??= this.#enqueue();
    const shared = this.#next;
    shared.waiting++;
    try {
      return await untilAborted(shared.result, signal);
    } finally {
      if (--shared.waiting === 0) await this.#leave(shared);
    }
  }

  /** Resolves when nothing is under way. */
  async settled(): Promise<void> {
    await this.#running;
  }

  /** Nobody waits any more: the run is stopped, and whoever leaves last sees its processes gone. */
  async #leave(shared: Run<T>): Promise<void> {
    shared.stop.abort();
    if (this.#next === shared) this.#next = undefined;
    else await shared.result.catch(() => undefined);
  }

  #enqueue(): Run<T> {
    const stop = new AbortController();
    const before = this.#running;
    const start = async () => {
      await before;
      stop.signal.throwIfAborted();
      this.#next = undefined;
      return await this.#work(stop.signal);
    };
    const result = start();
    this.#running = result.catch(() => undefined);
    return { result, stop, waiting: 0 };
  }
}

interface Run<T> {
  readonly result: Promise<T>;
  readonly stop: AbortController;
  waiting: number;
}
