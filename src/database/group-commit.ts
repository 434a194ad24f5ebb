import type { Queries } from './database.ts';

type Durability = 'full' | 'relaxed';

/** The one connection that writes, as its commits need it. */
export interface WritingConnection {
  begin(durability: Durability): Promise<void> | void;
  /** Begins what can be undone alone. One is open at a time. */
  savepoint(): Promise<void> | void;
  /** Ends that. @param undo has nothing of it be written */
  release(undo: boolean): Promise<void> | void;
  commit(): Promise<void> | void;
  /** Never throws. Connections may have rolled back by themselves already. */
  rollback(): Promise<void> | void;
}

export interface GroupCommitOptions {
  readonly connection: WritingConnection;
  /** Speaks through the connection. */
  readonly queries: Queries;
  /** Called with each commit, before anybody learns of it and before the next transaction begins. */
  readonly onCommit?: () => void;
  /** What the database threw, as the rest of the program knows it. */
  readonly translateError: (error: unknown) => unknown;
}

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
 * The one writer of this process. Transactions that come in the same turn of the event loop, or while another one is
 * under way, share one commit, and so one wait for the disk: two hundred builds that are accepted at once cost what one
 * costs. Inside it, each is a savepoint and fails alone.
 */
export class GroupCommit {
  readonly #options: GroupCommitOptions;
  #waiting: Waiting[] = [];
  #flushing: Promise<void> | undefined;

  constructor(options: GroupCommitOptions) {
    this.#options = options;
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
    const { connection, queries, onCommit, translateError } = this.#options;
    try {
      await connection.begin(group.some(({ durability }) => durability === 'full') ? 'full' : 'relaxed');
      const [first, ...others] = group;
      const alone = others.length === 0 && first !== undefined;
      if (alone && !(await first.run(queries))) throw first.error;
      if (!alone) await this.#runEach(group);
      await connection.commit();
    } catch (error) {
      await connection.rollback();
      // A full disk ends the whole transaction by itself; what then goes wrong with savepoints only follows from it.
      const causes = [...group.map((member) => member.error), error];
      const told = causes.map(translateError).find((translated, index) => translated !== causes[index]) ?? error;
      for (const member of group) member.fail(told);
      return;
    }
    onCommit?.();
    for (const member of group) member.settle();
  }

  async #runEach(group: readonly Waiting[]): Promise<void> {
    const { connection, queries } = this.#options;
    for (const member of group) {
      await connection.savepoint();
      await connection.release(!(await member.run(queries)));
    }
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
