import { untilAborted } from './until-aborted.ts';

/**
 * Runs one piece of work at a time for many callers. Whoever asks gets a run that began after asking, so that what
 * happened before is seen; all who ask while one is running share the next.
 *
 * A run that has begun goes on when nobody waits for it any more: a client that is less patient than the first fetch of
 * a large repository takes finds it done when it asks again. One that has not begun is dropped.
 */
export class SharedRuns<T> {
  readonly #work: () => Promise<T>;
  #running: Promise<unknown> = Promise.resolve();
  #next: Run<T> | undefined;

  constructor(work: () => Promise<T>) {
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
      if (--shared.waiting === 0 && this.#next === shared) {
        this.#next = undefined;
        shared.drop.abort();
      }
    }
  }

  #enqueue(): Run<T> {
    const drop = new AbortController();
    const before = this.#running;
    const start = async () => {
      await before;
      drop.signal.throwIfAborted();
      this.#next = undefined;
      return await this.#work();
    };
    const result = start();
    this.#running = result.catch(() => undefined);
    return { result, drop, waiting: 0 };
  }
}

interface Run<T> {
  readonly result: Promise<T>;
  readonly drop: AbortController;
  waiting: number;
}
