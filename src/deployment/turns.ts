/** Work that must not overlap, by key: each piece begins when those before it under the same key have ended. */
export class Turns {
  readonly #last = new Map<string, Promise<unknown>>();

  /** @throws what the work throws */
  async run<T>(key: string, work: () => Promise<T>): Promise<T> {
    const before = this.#last.get(key);
    const mine = (async () => {
      await before?.catch(() => undefined);
      return await work();
    })();
    this.#last.set(key, mine);
    try {
      return await mine;
    } finally {
      if (this.#last.get(key) === mine) this.#last.delete(key);
    }
  }
}
