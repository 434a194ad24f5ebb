import { SharedRuns } from './shared-runs.ts';

/** {@link SharedRuns} of many kinds of work: callers with one key share runs, those with different keys do not wait. */
export class KeyedRuns {
  readonly #entries = new Map<string, Entry>();

  /**
   * @param key says everything that `work` depends on, its result's type included
   * @throws what the work throws; the reason of `signal` as soon as it fires
   */
  async run<T>(key: string, work: () => Promise<T>, signal: AbortSignal): Promise<T> {
    const entry = this.#entries.get(key) ?? this.#add(key, work);
    return (await this.#count(key, entry, () => entry.runs.run(signal))) as T;
  }

  #add(key: string, work: () => Promise<unknown>): Entry {
    const entry: Entry = { runs: new SharedRuns(() => this.#count(key, entry, work)), users: 0 };
    this.#entries.set(key, entry);
    return entry;
  }

  /** Keeps an entry for as long as anybody waits for it, or it works for nobody. */
  async #count<T>(key: string, entry: Entry, use: () => Promise<T>): Promise<T> {
    entry.users++;
    try {
      return await use();
    } finally {
      if (--entry.users === 0) this.#entries.delete(key);
    }
  }
}

interface Entry {
  readonly runs: SharedRuns<unknown>;
  users: number;
}
