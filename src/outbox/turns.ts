import type { WaitingWebhook } from '../database/webhook-messages.ts';

/**
 * Whose turn it is. Who had one and still has something waiting stands behind those that began to wait before it ended:
 * what waits longest would else always go first, and whoever is behind for good would keep all others waiting.
 */
export class Turns {
  readonly #ends = new Map<string, number>();

  /** How many are remembered: so many more than otherwise have to be looked at to find who is next. */
  get size(): number {
    return this.#ends.size;
  }

  /** @param at when the turn of a webhook ended, in milliseconds since 1970 */
  end(webhookId: string, at: number): void {
    this.#ends.set(webhookId, at);
  }

  /** Nothing waits for it any more. */
  forget(webhookId: string): void {
    this.#ends.delete(webhookId);
  }

  /** Forgets whoever is not among those that wait: all of them. */
  keep(waiting: readonly WaitingWebhook[]): void {
    const ids = new Set(waiting.map(({ id }) => id));
    for (const id of this.#ends.keys()) if (!ids.has(id)) this.#ends.delete(id);
  }

  /** @param due those that may have a turn, one at least */
  first(due: readonly [WaitingWebhook, ...WaitingWebhook[]]): WaitingWebhook {
    return due.reduce((first, one) => (this.#since(one) < this.#since(first) ? one : first));
  }

  #since({ id, at }: WaitingWebhook): number {
    return Math.max(at, this.#ends.get(id) ?? at);
  }
}
