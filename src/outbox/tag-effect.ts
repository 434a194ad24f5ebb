import { findApp } from '../database/apps.ts';
import type { Database } from '../database/database.ts';
import { findAnyPackage, updateTag } from '../database/packages.ts';
import type { AppRow, OutboxRow, PackageRow } from '../database/schema.ts';
import { type Repository, RepositoryError, type TagOutcome } from '../repository/repository.ts';
import type { Tracing } from '../tracing/tracing.ts';
import type { Attempt, Effect } from './outbox.ts';

/**
 * Tags the revisions of Succeeded packages in their repository, by the packages' versions. Its outcome stands on the
 * package and never undoes it.
 */
export function tagEffect(deps: TagEffectDeps): Effect {
  return {
    perform: (entries, signal) => tag(deps, entries, signal),
    async recordFailure(queries, entry, { error, final }) {
      const reason = error instanceof RepositoryError ? error.message : 'An unexpected error occurred.';
      await updateTag(queries, entry.package_id, {
        tag_status: final ? 'Failed' : 'Pending',
        tag_message: final ? `Given up: ${reason}` : `Tried again soon: ${reason}`,
      });
    },
  };
}

export interface TagEffectDeps {
  readonly database: Database;
  readonly tracing: Tracing;
  readonly repositoryOf: (app: AppRow) => Repository;
}

async function tag(
  { database, tracing, repositoryOf }: TagEffectDeps,
  entries: readonly OutboxRow[],
  signal: AbortSignal,
): Promise<readonly Attempt[]> {
  const app = await findApp(database.read, entries[0]?.app_id ?? '');
  const rows = await Promise.all(entries.map(({ package_id }) => findAnyPackage(database.read, package_id)));
  const present = rows.filter((row) => row !== undefined);
  const outcomes = new Map<string, TagOutcome>();
  if (app !== undefined && present.length > 0) {
    const tags = present.map(({ version, revision, branch, is_main_line, description }) => ({
      name: version,
      revisionId: revision,
      branch: { name: branch, isMainLine: is_main_line === 1 },
      message: description,
    }));
    const answers = await traceTags(tracing, present, () => repositoryOf(app).createTags(tags, signal));
    for (const [index, { id }] of present.entries()) outcomes.set(id, answers[index] ?? 'done');
  }
  return entries.map((entry, index) => attemptOf(entry, rows[index], outcomes.get(entry.package_id)));
}

/** A span of each, though they are pushed together. */
async function traceTags(
  tracing: Tracing,
  rows: readonly PackageRow[],
  push: () => Promise<readonly TagOutcome[]>,
): Promise<readonly TagOutcome[]> {
  const spans = rows.map((row) => tracing.resume('tag', row.trace_parent));
  const outcomes = await push().catch((error: unknown) => {
    for (const span of spans) span.end({ failure: error instanceof RepositoryError ? error.kind : 'internal' });
    throw error;
  });
  for (const [index, span] of spans.entries()) {
    const outcome = outcomes[index] ?? 'done';
    span.describe({ packageId: rows[index]?.id ?? '' });
    if (outcome instanceof RepositoryError) span.end({ failure: outcome.kind });
    else {
      span.describe({ outcome });
      span.end();
    }
  }
  return outcomes;
}

function attemptOf(entry: OutboxRow, row: PackageRow | undefined, outcome: TagOutcome | undefined): Attempt {
  // Deleted in between: there is nothing left to tag.
  if (row === undefined || outcome === undefined) return { entry, record: async () => {} };
  if (outcome instanceof RepositoryError) return { entry, error: outcome };
  return { entry, record: (queries) => updateTag(queries, row.id, describe(outcome, row)) };
}

function describe(outcome: 'done' | 'conflict', row: PackageRow): Pick<PackageRow, 'tag_status' | 'tag_message'> {
  return outcome === 'done'
    ? { tag_status: 'Done', tag_message: null }
    : {
        tag_status: 'Conflict',
        tag_message: `The tag ${row.version} stands on another revision already and was left alone.`,
      };
}
