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

export async function openPostgresClock(read: Kysely<Tables>): Promise<PostgresClock> {
  let offset = await measure(read);
  const timer = setInterval(() => {
    measure(read).then(
      (measured) => {
        offset = measured;
      },
      () => undefined,
    );
  }, AGAIN_MS);
  timer.unref();
  return { now: () => Math.round(performance.now() + offset), close: () => clearInterval(timer) };
}

/** @returns what the clock of the database is ahead of this process's own count */
async function measure(read: Kysely<Tables>): Promise<number> {
  const asked = performance.now();
  const { rows } = await sql<{ readonly now: number }>`
    select (extract(epoch from clock_timestamp()) * 1000)::bigint as now`.execute(read);
  const answered = performance.now();
  return Number(rows[0]?.now) - (asked + answered) / 2;
}
