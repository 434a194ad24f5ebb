import type { Database, Queries } from '../database/database.ts';
import { deleteEntry, findNextDueAt, listDueEntries, postponeEntry } from '../database/outbox.ts';
import type { OutboxRow } from '../database/schema.ts';
import { type LaneSource, Lanes } from './lanes.ts';

/**
 * Does what must happen on the outside once a transaction has committed, at least once, and records the outcome where a
 * person can see it. An entry is written in the transaction that makes it necessary, and deleted in the one that records
 * its outcome; between the two it may be done again, after a crash too, so every effect can be repeated without harm.
 */
export interface OutboxOptions {
  readonly database: Database;
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
/**
 * Apps whose entries of one kind are tried side by side, so that a remote that hangs keeps nobody else's waiting. A push of
 * tags waits for its remote most of the time.
 */
const MOST_LANES: Readonly<Record<Kind, number>> = { tag: 16, deploy: 4 };
const FIRST_DELAY_MS = 1000;
const LONGEST_DELAY_MS = 60 * 60 * 1000;
/** With the delays above, the attempts are spread over about a day. */
const MOST_ATTEMPTS = 30;

export class Outbox {
  /** Of each kind, with a lane for each app: an app that takes long to be deployed keeps no tags waiting. */
  readonly #lanes: readonly Lanes[];

  constructor(options: OutboxOptions) {
    this.#lanes = KINDS.map((kind) => new Lanes({ ...options, source: sourceOf(kind, options) }));
  }

  /** Looks for what is due, now and whenever the next entry is. May be called at any time. */
  wake(): void {
    for (const lanes of this.#lanes) lanes.wake();
  }

  /** Abandons what is under way; it is done again after the next start. */
  async stop(): Promise<void> {
    await Promise.all(this.#lanes.map((lanes) => lanes.stop()));
  }
}

function sourceOf(kind: Kind, options: OutboxOptions): LaneSource {
  const { database, clock } = options;
  return {
    mostLanes: MOST_LANES[kind],
    async next(busy) {
      const due = { now: clock(), limit: PAGE, except: busy };
      const [first, ...others] = await listDueEntries(database.read, kind, due);
      if (first === undefined) {
        const at = await findNextDueAt(database.read, kind, busy);
        return at === undefined ? undefined : { at };
      }
      const entries = [first, ...others.filter(({ app_id }) => app_id === first.app_id)];
      return { lane: first.app_id, perform: (signal) => perform(options, options.effects[kind], entries, signal) };
    },
  };
}

async function perform(
  { database, clock }: OutboxOptions,
  effect: Effect,
  entries: readonly OutboxRow[],
  signal: AbortSignal,
): Promise<void> {
  const attempts = await attempt(effect, entries, signal);
  if (signal.aborted) return;
  await database.transaction(async (queries) => {
    for (const attempt of attempts) {
      if ('error' in attempt) await putOff(queries, effect, attempt.entry, attempt.error, clock());
      else if (await deleteEntry(queries, attempt.entry.id)) await attempt.record(queries);
    }
  });
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
