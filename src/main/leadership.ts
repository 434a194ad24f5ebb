import { randomUUID } from 'node:crypto';
import type { Database } from '../database/database.ts';
import { DatabaseUnavailable } from '../database/database-unavailable.ts';
import { fence } from '../database/fence.ts';
import { type Lease, releaseLease, takeLease } from '../database/leases.ts';

/** Work that goes on until it is stopped. */
export interface Duties {
  start(): void;
  /** Resolves when nothing of it goes on any more. */
  stop(): Promise<void>;
}

export interface LeadershipOptions {
  readonly database: Database;
  /** Milliseconds since 1970, by the clock of the database. */
  readonly clock: () => number;
  /** What only one process does at a time: a name that nothing else has. */
  readonly name: string;
  /** @param database writes nothing any more as soon as another process has taken over */
  readonly open: (database: Database) => Duties;
  readonly onError: (error: unknown) => void;
  /** How often the lease is asked for: well within its length. */
  readonly beatMs?: number;
}

/** What one of the servers on a database has at a time: what the outbox holds, and chores. */
export const DUTIES = 'duties';
/** Whoever is silent for so long is followed by another one. */
export const LEASE_MS = 15_000;
const BEAT_MS = 3_000;

/**
 * Does what one process alone may do, of all that share a database, for as long as this one is it: whoever holds a lease.
 * It is asked for again and again, so that a process that ends, or freezes, is followed by another.
 */
export class Leadership {
  readonly #options: LeadershipOptions;
  readonly #lease: Lease;
  #duties: Duties | undefined;
  #timer: NodeJS.Timeout | undefined;
  #beating: Promise<void> | undefined;
  #isStopped = false;

  constructor(options: LeadershipOptions) {
    this.#options = options;
    this.#lease = { name: options.name, holder: randomUUID() };
  }

  start(): void {
    this.#beat();
  }

  /** Ends the work, and lets another process have it at once. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    await this.#beating;
    await this.#resign();
    // It ends by itself, too.
    await this.#options.database.transaction((queries) => releaseLease(queries, this.#lease)).catch(() => undefined);
  }

  #beat(): void {
    this.#beating = this.#ask()
      .then((leads) => (leads ? this.#serve() : this.#resign()))
      .catch((error: unknown) => this.#fail(error))
      .finally(() => {
        const beatMs = this.#options.beatMs ?? BEAT_MS;
        if (!this.#isStopped) this.#timer = setTimeout(() => this.#beat(), beatMs).unref();
      });
  }

  #ask(): Promise<boolean> {
    const { database, clock } = this.#options;
    return database.transaction((queries) => {
      const now = clock();
      return takeLease(queries, this.#lease, { now, expiresAt: now + LEASE_MS });
    }, 'relaxed');
  }

  #serve(): void {
    if (this.#duties !== undefined || this.#isStopped) return;
    this.#duties = this.#options.open(fence(this.#options.database, this.#lease));
    this.#duties.start();
  }

  async #resign(): Promise<void> {
    const duties = this.#duties;
    this.#duties = undefined;
    await duties?.stop();
  }

  /** While the database is away nobody takes over, and nothing can be written: the work may go on. */
  #fail(error: unknown): void {
    if (!(error instanceof DatabaseUnavailable)) this.#options.onError(error);
  }
}
