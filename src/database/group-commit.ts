import type { Queries } from './database.ts';
import type { SqliteConnection } from './sqlite-connection.ts';

type Durability = 'full' | 'relaxed';

interface Waiting {
  readonly durability: Durability;
  /** Runs the work and keeps its outcome. @returns what it threw, if it did */
  run(queries: Queries): Promise<{ readonly error: unknown } | undefined>;
  /** Tells the caller, once what it wrote is committed. */
  settle(): void;
  fail(error: unknown): void;
}

/**
 * The one writer of a SQLite file. Transactions that come in the same turn of the event loop share one commit, and so
 * one fsync: two hundred builds that are accepted at once cost the disk what one costs. Inside it, each is a savepoint
 * and fails alone.
 */
export class GroupCommit {
  readonly #connection: SqliteConnection;
  readonly #queries: Queries;
  #waiting: Waiting[] = [];
  #flushing: Promise<void> | undefined;

  /** @param queries speaks through `connection` */
  constructor(connection: SqliteConnection, queries: Queries) {
    this.#connection = connection;
    this.#queries = queries;
  }

  transaction<T>(work: (queries: Queries) => Promise<T>, durability: Durability): Promise<T> {
    return new Promise((resolve, reject) => {
      let outcome: { value: T } | { error: unknown } | undefined;
      this.#waiting.push({
        durability,
        async run(queries) {
          try {
            outcome = { value: await work(queries) };
            return undefined;
          } catch (error) {
            outcome = { error };
            return outcome;
          }
        },
        settle() {
          if (outcome !== undefined && 'value' in outcome) resolve(outcome.value);
          else reject(outcome?.error);
        },
        fail: reject,
      });
      this.#flushing ??= this.#flushSoon();
    });
  }

  /** Resolves when everything that was asked for has ended. */
  async drain(): Promise<void> {
    while (this.#flushing !== undefined) await this.#flushing;
  }

  async #flushSoon(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#waiting.length > 0) {
      const group = this.#waiting;
      this.#waiting = [];
      await this.#commit(group);
    }
    this.#flushing = undefined;
  }

  async #commit(group: readonly Waiting[]): Promise<void> {
    try {
      const full = group.some(({ durability }) => durability === 'full');
      this.#connection.exec(`pragma synchronous = ${full ? 'full' : 'normal'}; begin immediate`);
      for (const member of group) {
        this.#connection.exec('savepoint member');
        const failure = await member.run(this.#queries);
        if (failure !== undefined) this.#undo(failure.error);
        this.#connection.exec('release member');
      }
      this.#connection.exec('commit');
    } catch (error) {
      this.#rollBack();
      for (const member of group) member.fail(error);
      return;
    }
    for (const member of group) member.settle();
  }

  /**
   * Undoes one member. Where SQLite has rolled back everything by itself, there is no savepoint any more: then what the
   * member met is the reason for the others too.
   */
  #undo(error: unknown): void {
    try {
      this.#connection.exec('rollback to member');
    } catch {
      throw error;
    }
  }

  /** SQLite rolls back by itself on some errors, a full disk among them; then there is nothing left to roll back. */
  #rollBack(): void {
    try {
      this.#connection.exec('rollback');
    } catch {}
  }
}
