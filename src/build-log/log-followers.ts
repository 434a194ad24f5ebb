/** One who waits for a log to grow. */
export interface LogFollower {
  readonly ended: boolean;
  /** Resolves once the follower was woken since the last call. */
  woken(): Promise<void>;
  readonly wake: () => void;
}

interface Entry extends LogFollower {
  ended: boolean;
}

/** Who follows which log, within this process. */
export class LogFollowers {
  readonly #byPackage = new Map<string, Set<Entry>>();

  add(packageId: string): LogFollower {
    const entry = createEntry();
    const entries = this.#byPackage.get(packageId) ?? new Set();
    this.#byPackage.set(packageId, entries.add(entry));
    return entry;
  }

  remove(packageId: string, follower: LogFollower): void {
    const entries = this.#byPackage.get(packageId);
    entries?.delete(follower);
    if (entries?.size === 0) this.#byPackage.delete(packageId);
  }

  /** Says that there is more to read. */
  wake(packageId: string): void {
    for (const entry of this.#byPackage.get(packageId) ?? []) entry.wake();
  }

  /** Says that what there is now is all. */
  end(packageId: string): void {
    for (const entry of this.#byPackage.get(packageId) ?? []) entry.ended = true;
    this.wake(packageId);
  }
}

function createEntry(): Entry {
  let { promise, resolve } = Promise.withResolvers<void>();
  return {
    ended: false,
    async woken() {
      await promise;
      ({ promise, resolve } = Promise.withResolvers<void>());
    },
    wake: () => resolve(),
  };
}
