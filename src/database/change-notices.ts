import type { PackageId } from '../domain/identifiers.ts';
import type { Queries } from './database.ts';

/*
 * Who waits for a change is told after the commit that made it, whoever wrote it and in whatever process: the queries that
 * write note what they touch here, and the database tells of it. A notice holds no facts: whoever is told looks again.
 */

/** What somebody may wait for: a package, or that there is something to do of a kind. */
export type Topic =
  | `package:${PackageId}`
  /** Something may have been done to an environment, or its turn has come. */
  | `environment:${string}`
  /** The report of an order may have come. */
  | `order:${string}`
  /** The log of a package's build. */
  | `log:${PackageId}`
  /** There may be a build to claim. */
  | 'builds'
  /** There may be a tag to push or a free app to deploy. */
  | 'outbox'
  /** There may be a message to a webhook to send. */
  | 'messages'
  /** There may be a push to see to. */
  | 'pushes'
  /** There may be an upload to check. */
  | 'uploads'
  /** There may be packages that nothing keeps any more. */
  | 'retention'
  /** There may be a deleted app to remove. */
  | 'deleted-apps';

const noted = new WeakMap<Queries, Set<Topic>>();

/** Notes what the transaction changes, or may. That it is rolled back does no harm. */
export function noteChange(queries: Queries, topic: Topic): void {
  noted.get(queries)?.add(topic);
}

/**
 * Keeps what is noted through the queries of a writer.
 *
 * @returns what was since the last call; to be called with each commit, before another transaction begins
 */
export function keepNotices(queries: Queries): () => ReadonlySet<Topic> {
  let kept = new Set<Topic>();
  noted.set(queries, kept);
  return () => {
    const taken = kept;
    if (taken.size > 0) {
      kept = new Set();
      noted.set(queries, kept);
    }
    return taken;
  };
}
