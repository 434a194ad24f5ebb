import type { PackageChanges } from '../changes/package-changes.ts';
import type { Database, Queries } from '../database/database.ts';
import { deleteEntry, findNextDueAt, listDueEntries, postponeEntry } from '../database/outbox.ts';
import type { OutboxRow } from '../database/schema.ts';

/**
 * Does what must happen on the outside once a transaction has committed, at least once, and records the outcome where a
 * person can see it. An entry is written in the transaction that makes it necessary, and deleted in the one that records
 * its outcome; between the two it may be done again, after a crash too, so every effect can be repeated without harm.
 */
export interface OutboxOptions {
  readonly database: Database;
  readonly changes: PackageChanges;
  readonly effects: Readonly<Record<OutboxRow['kind'], Effect>>;
  readonly clock: () => number;
  readonly onError: (error: unknown) => void;
}

/** Something that the outbox can do. */
export interface Effect {
  /** Tries it for entries of one app. What it throws is the failure of each of them. */
  perform(entries: readonly OutboxRow[], signal: AbortSignal): Promise<readonly Attempt[]>;
  /** Records that a try failed. @param failure `final` when it is not tried again */
  recordFailure(queries: Queries, entry: OutboxRow, failure: { error: unknown; final: boolean }): Promise<void>;
}

/** How one entry fared: needs no further attempt, and how to write that down; or failed. */
export type Attempt =
  | { readonly entry: OutboxRow; readonly record: (queries: Queries) => Promise<void> }
  | { readonly entry: OutboxRow; readonly error: unknown };

const PAGE = 100;
const FIRST_DELAY_MS = 1000;
const LONGEST_DELAY_MS = 60 * 60 * 1000;
/** With the delays above, the attempts are spread over about a day. */
const MOST_ATTEMPTS = 30;

export class Outbox {
  readonly #options: OutboxOptions;
  readonly #stopping = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #working: Promise<void> | undefined;
  #wokenWhileWorking = false;

  constructor(options: OutboxOptions) {
    this.#options = options;
  }

  /** Looks for what is due, now and whenever the next entry is. May be called at any time. */
  wake(): void {
    if (this.#stopping.signal.aborted) return;
    if (this.#working !== undefined) {
      this.#wokenWhileWorking = true;
      return;
    }
    this.#working = this.#work()
      .catch((error: unknown) => {
        // The database itself could not be used, and keeps no time of the next attempt.
        this.#options.onError(error);
        this.#wakeIn(FIRST_DELAY_MS);
      })
      .finally(() => {
        this.#working = undefined;
        if (this.#wokenWhileWorking) this.wake();
      });
  }

  /** Abandons what is under way; it is done again after the next start. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    clearTimeout(this.#timer);
    await this.#working;
  }

  async #work(): Promise<void> {
    this.#wokenWhileWorking = false;
    clearTimeout(this.#timer);
    const { database, clock } = this.#options;
    for (;;) {
      const due = await listDueEntries(database.read, clock(), PAGE);
      for (const entries of groupByApp(due)) await this.#perform(entries);
      if (due.length < PAGE || this.#stopping.signal.aborted) break;
    }
    const nextAt = await findNextDueAt(database.read);
    if (nextAt === undefined) return;
    this.#wakeIn(Math.min(Math.max(nextAt - clock(), 0), LONGEST_DELAY_MS));
  }

  #wakeIn(delayMs: number): void {
    if (this.#stopping.signal.aborted) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.wake(), delayMs).unref();
  }

  async #perform(entries: readonly [OutboxRow, ...OutboxRow[]]): Promise<void> {
    const { database, changes, effects, clock } = this.#options;
    const effect = effects[entries[0].kind];
    const attempts = await attempt(effect, entries, this.#stopping.signal);
    if (this.#stopping.signal.aborted) return;
    await database.transaction(async (queries) => {
      for (const attempt of attempts) {
        if ('error' in attempt) await putOff(queries, effect, attempt.entry, attempt.error, clock());
        else if (await deleteEntry(queries, attempt.entry.id)) await attempt.record(queries);
      }
    });
    for (const { package_id } of entries) changes.publish(package_id);
  }
}

async function attempt(
  effect: Effect,
  entries: readonly OutboxRow[],
  signal: AbortSignal,
): Promise<readonly Attempt[]> {
  try {
    return await effect.perform(entries, signal);
  } catch (error) {
    return entries.map((entry) => ({ entry, error }));
  }
}

async function putOff(queries: Queries, effect: Effect, entry: OutboxRow, error: unknown, now: number): Promise<void> {
  const attempts = entry.attempts + 1;
  const final = attempts >= MOST_ATTEMPTS;
  await effect.recordFailure(queries, entry, { error, final });
  if (final) {
    await deleteEntry(queries, entry.id);
    return;
  }
  const delayMs = Math.min(FIRST_DELAY_MS * 2 ** entry.attempts, LONGEST_DELAY_MS);
  await postponeEntry(queries, entry.id, attempts, now + delayMs);
}

/** Entries of one app and kind together, in their order. */
function groupByApp(entries: readonly OutboxRow[]): [OutboxRow, ...OutboxRow[]][] {
  const groups = new Map<string, [OutboxRow, ...OutboxRow[]]>();
  for (const entry of entries) {
    const key = `${entry.kind} ${entry.app_id}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [entry]);
    else group.push(entry);
  }
  return [...groups.values()];
}
