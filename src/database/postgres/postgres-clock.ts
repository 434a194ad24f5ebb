import { type Kysely, sql } from 'kysely';
import type { Tables } from '../schema.ts';

/**
 * The clock of the database, in milliseconds since 1970: the same for every server and worker, however their own clocks
 * are set. It is asked once in a while; in between it goes on by what cannot be set.
 */
export interface PostgresClock {
  now(): number;
  close(): void;
}

const AGAIN_MS = 60_000;
/** An answer that took longer, as through a restart, says little of when the clock was read. */
const QUICK_MS = 500;
const MOST_TRIES = 5;

export async function openPostgresClock(read: Kysely<Tables>): Promise<PostgresClock> {
  let { offset } = await measureAtOpening(read);
  const timer = setInterval(() => {
    measure(read).then(
      (measured) => {
        if (measured.tookMs <= QUICK_MS) offset = measured.offset;
      },
      () => undefined,
    );
  }, AGAIN_MS);
  timer.unref();
  return { now: () => Math.round(performance.now() + offset), close: () => clearInterval(timer) };
}

interface Measurement {
  /** What the clock of the database is ahead of this process's own count: at most half of `tookMs` beside it. */
  readonly offset: number;
  readonly tookMs: number;
}

/** The quickest of some, where none is quick. */
async function measureAtOpening(read: Kysely<Tables>): Promise<Measurement> {
  let best = await measure(read);
  for (let tries = 1; best.tookMs > QUICK_MS && tries < MOST_TRIES; tries += 1) {
    const next = await measure(read);
    if (next.tookMs < best.tookMs) best = next;
  }
  return best;
}

async function measure(read: Kysely<Tables>): Promise<Measurement> {
  const asked = performance.now();
  const { rows } = await sql<{ readonly now: number }>`
    select (extract(epoch from clock_timestamp()) * 1000)::bigint as now`.execute(read);
  const answered = performance.now();
  return { offset: Number(rows[0]?.now) - (asked + answered) / 2, tookMs: answered - asked };
}
