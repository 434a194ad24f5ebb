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
  /**
   * Tries it for entries of one app. What it throws is the failure of each of them; those that it says nothing of stay
   * as it left them.
   */
  perform(entries: readonly OutboxRow[], signal: AbortSignal): Promise<readonly Attempt[]>;
  /** Records that a try failed. @param failure `final` when it is not tried again */
  recordFailure(queries: Queries, entry: OutboxRow, failure: { error: unknown; final: boolean }): Promise<void>;
}

/** How one entry fared: needs no further attempt, and how to write that down; or failed. */
export type Attempt =
  | { readonly entry: OutboxRow; readonly record: (queries: Queries) => Promise<void> }
  | { readonly entry: OutboxRow; readonly error: unknown };

type Kind = OutboxRow['kind'];
const KINDS: readonly Kind[] = ['tag', 'deploy'];

const PAGE = 100;
/** Apps whose entries of one kind are tried side by side, so that a remote that hangs keeps nobody else's waiting. */
const MOST_LANES = 4;
const FIRST_DELAY_MS = 1000;
const LONGEST_DELAY_MS = 60 * 60 * 1000;
/** With the delays above, the attempts are spread over about a day. */
const MOST_ATTEMPTS = 30;

export class Outbox {
  readonly #options: OutboxOptions;
  readonly #stopping = new AbortController();
  /** What is being tried, by app: an app that takes long to be deployed keeps no tags waiting. */
  readonly #lanes: Readonly<Record<Kind, Map<string, Promise<void>>>> = { tag: new Map(), deploy: new Map() };
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
      .catch((error: unknown) => this.#pause(error))
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
    await Promise.all(KINDS.flatMap((kind) => [...this.#lanes[kind].values()]));
  }

  async #work(): Promise<void> {
    this.#wokenWhileWorking = false;
    clearTimeout(this.#timer);
    let nextAt = Number.POSITIVE_INFINITY;
    for (const kind of KINDS) nextAt = Math.min(nextAt, (await this.#fillLanes(kind)) ?? nextAt);
    if (nextAt < Number.POSITIVE_INFINITY) {
      this.#wakeIn(Math.min(Math.max(nextAt - this.#options.clock(), 0), LONGEST_DELAY_MS));
    }
  }

  /** Begins what is due. @returns when to look again; undefined for once somebody wakes, as a lane that ends does */
  async #fillLanes(kind: Kind): Promise<number | undefined> {
    const { database, clock } = this.#options;
    const lanes = this.#lanes[kind];
    while (lanes.size < MOST_LANES && !this.#stopping.signal.aborted) {
      const due = { now: clock(), limit: PAGE, except: [...lanes.keys()] };
      const [first, ...others] = await listDueEntries(database.read, kind, due);
      if (first === undefined) return await findNextDueAt(database.read, kind, [...lanes.keys()]);
      this.#startLane(first.app_id, [first, ...others.filter(({ app_id }) => app_id === first.app_id)]);
    }
    return undefined;
  }

  #startLane(appKey: string, entries: readonly [OutboxRow, ...OutboxRow[]]): void {
    const lanes = this.#lanes[entries[0].kind];
    const lane = this.#perform(entries).then(
      () => {
        lanes.delete(appKey);
        this.wake();
      },
      (error: unknown) => {
        lanes.delete(appKey);
        this.#pause(error);
      },
    );
    lanes.set(appKey, lane);
  }

  /** The database itself could not be used, and keeps no time of the next attempt. */
  #pause(error: unknown): void {
    this.#options.onError(error);
    this.#wakeIn(FIRST_DELAY_MS);
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
