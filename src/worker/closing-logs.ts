import type { BuildLogWriter } from '../build-log/build-log.ts';

/** Whoever stops waits for a store that is slow for so long: what is left is made of the text by the sweep. */
const PATIENCE_MS = 5000;

/**
 * Logs of builds that have ended, which become what they are kept as beside the next builds: nobody waits for a store that is
 * slow only to keep a log. Until then a log is where it was written.
 */
export class ClosingLogs {
  readonly #closing = new Set<Promise<void>>();
  readonly #leaving = new AbortController();

  get count(): number {
    return this.#closing.size;
  }

  /** @param onClosed called once it is done, well or not */
  add(log: BuildLogWriter, onClosed: () => void): void {
    const closed = log.close(this.#leaving.signal).then(() => {
      this.#closing.delete(closed);
      onClosed();
    });
    this.#closing.add(closed);
  }

  /** Resolves when none is left. May be called twice. */
  async finish(): Promise<void> {
    const timer = setTimeout(() => this.#leaving.abort(), PATIENCE_MS);
    await Promise.all(this.#closing);
    clearTimeout(timer);
  }
}
