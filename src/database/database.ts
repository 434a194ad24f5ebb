import type { Kysely } from 'kysely';
import type { Topic } from './change-notices.ts';
import type { Tables } from './schema.ts';

/** What queries are made of: the database itself for a read, a transaction for a write. */
export type Queries = Kysely<Tables>;

/** The same value for as long as nothing is committed. */
export type DatabaseState = string | symbol;

/**
 * Where everything is written down. Reads see what was committed before they began; writes happen in transactions, and
 * every write is part of one.
 */
export interface Database {
  /** For reads alone. */
  readonly read: Queries;
  /**
   * Runs `work` in a transaction and resolves once it is committed; when it throws, nothing of it was written. `work`
   * may do nothing but query: others wait for it, and it may share its commit with them. It is never run twice.
   *
   * @param durability `full` survives loss of power once this resolves; `relaxed` survives `kill -9`, and loss of power
   *   only once a later full transaction has committed: for what a restart finds out again (claims, leases, last use)
   */
  transaction<T>(work: (queries: Queries) => Promise<T>, durability?: 'full' | 'relaxed'): Promise<T>;
  /**
   * A full transaction for what makes room, or says that there is none: a deletion, the failure of a build. Where the
   * disk is full it is tried once more, in room that was kept for it.
   */
  transactionInReserve<T>(work: (queries: Queries) => Promise<T>): Promise<T>;
  /**
   * Calls back after each commit that may have changed something, whoever wrote it; it may call back for nothing. Whoever
   * waited for the commit learns of it later than the listeners.
   *
   * @returns how to stop listening
   */
  onChange(topic: Topic, listener: () => void): () => void;
  /**
   * Where other processes write, too: what everything that was committed before has led to. What was read since then
   * holds for as long as it is the same. Where this process alone writes, commits are all that there is to know.
   */
  readonly state?: () => Promise<DatabaseState>;
  /** Whether there is room to go on writing. */
  hasRoom(): Promise<boolean>;
  close(): Promise<void>;
}
