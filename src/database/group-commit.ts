import type { Queries } from './database.ts';
import type { SqliteConnection } from './sqlite-connection.ts';
import { translateSqliteError } from './sqlite-errors.ts';

type Durability = 'full' | 'relaxed';

interface Waiting {
  readonly durability: Durability;
  /** What the work threw. */
  readonly error: unknown;
  /** Runs the work and keeps its outcome. @returns whether it succeeded */
  run(queries: Queries): Promise<boolean>;
  /** Tells the caller the outcome, once what it wrote is committed. */
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
  readonly #onCommit: () => void;
  #waiting: Waiting[] = [];
  #flushing: Promise<void> | undefined;

  /**
   * @param queries speaks through `connection`
   * @param onCommit called with each commit, before anybody learns of it and before the next transaction begins
   */
  constructor(connection: SqliteConnection, queries: Queries, onCommit: () => void = () => {}) {
    this.#connection = connection;
    this.#queries = queries;
    this.#onCommit = onCommit;
  }

  transaction<T>(work: (queries: Queries) => Promise<T>, durability: Durability): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    this.#waiting.push(waitingFor(work, durability, resolve, reject));
    this.#flushing ??= this.#flushSoon();
    return promise;
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
      const [first, ...others] = group;
      const alone = others.length === 0 && first !== undefined;
      if (alone && !(await first.run(this.#queries))) throw first.error;
      if (!alone) await this.#runEach(group);
      this.#connection.exec('commit');
    } catch (error) {
      this.#rollBack();
      // A full disk ends the whole transaction by itself; what then goes wrong with savepoints only follows from it.
      const cause = group.find((member) => member.error !== undefined)?.error ?? error;
      for (const member of group) member.fail(translateSqliteError(cause));
      return;
    }
    this.#onCommit();
    for (const member of group) member.settle();
  }

  async #runEach(group: readonly Waiting[]): Promise<void> {
    for (const member of group) {
      this.#connection.exec('savepoint member');
      if (!(await member.run(this.#queries))) this.#connection.exec('rollback to member');
      this.#connection.exec('release member');
    }
  }

  /** SQLite rolls back by itself on some errors, a full disk among them; then there is nothing left to roll back. */
  #rollBack(): void {
    try {
      this.#connection.exec('rollback');
    } catch {}
  }
}

function waitingFor<T>(
  work: (queries: Queries) => Promise<T>,
  durability: Durability,
  resolve: (value: T) => void,
  reject: (error: unknown) => void,
): Waiting {
  let settle = () => {};
  let error: unknown;
  return {
    durability,
    get error() {
      return error;
    },
    async run(queries) {
      try {
        const value = await work(queries);
        settle = () => resolve(value);
        return true;
      } catch (thrown) {
        error = thrown;
        settle = () => reject(thrown);
        return false;
      }
    },
    settle: () => settle(),
    fail: reject,
  };
}
