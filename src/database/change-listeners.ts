import type { Topic } from './change-notices.ts';

/** Who waits for which change, in this process. */
export class ChangeListeners {
  readonly #byTopic = new Map<Topic, Set<() => void>>();

  /** @returns how to stop listening */
  add(topic: Topic, listener: () => void): () => void {
    const set = this.#byTopic.get(topic) ?? new Set();
    this.#byTopic.set(topic, set.add(listener));
    return () => {
      set.delete(listener);
      if (set.size === 0 && this.#byTopic.get(topic) === set) this.#byTopic.delete(topic);
    };
  }

  tell(topics: Iterable<Topic>): void {
    for (const topic of topics) for (const listener of [...(this.#byTopic.get(topic) ?? [])]) listener();
  }

  /** What has changed is not known. */
  tellAll(): void {
    this.tell([...this.#byTopic.keys()]);
  }
}
