import type { Queries } from './database.ts';

/*
 * Who delivers messages is told after the commit that made one due, whoever wrote it: the queries that do so note it here,
 * and the database tells of it.
 */

interface Notices {
  isNoted: boolean;
}

const notices = new WeakMap<Queries, Notices>();

/** Notes that the transaction makes a message due, or may do so. That it is rolled back does no harm. */
export function noteMessages(queries: Queries): void {
  const noted = notices.get(queries);
  if (noted !== undefined) noted.isNoted = true;
}

/**
 * Keeps what is noted through the queries of a writer.
 *
 * @returns whether something was since the last call; to be called with each commit, before another transaction begins
 */
export function keepNotices(queries: Queries): () => boolean {
  const kept: Notices = { isNoted: false };
  notices.set(queries, kept);
  return () => {
    const { isNoted } = kept;
    kept.isNoted = false;
    return isNoted;
  };
}
