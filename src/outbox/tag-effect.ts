import { findApp } from '../database/apps.ts';
import type { Database } from '../database/database.ts';
import { findAnyPackage, updateTag } from '../database/packages.ts';
import type { AppRow, OutboxRow, PackageRow } from '../database/schema.ts';
import { type Repository, RepositoryError } from '../repository/repository.ts';
import type { Done, Effect } from './outbox.ts';

/**
 * Tags the revision of a Succeeded package in its repository, by the package's version. Its outcome stands on the
 * package and never undoes it.
 */
export function tagEffect(deps: {
  readonly database: Database;
  readonly repositoryOf: (app: AppRow) => Repository;
}): Effect {
  return {
    async perform(entries, signal) {
      const done: Done[] = [];
      for (const entry of entries) done.push(await tag(deps, entry, signal));
      return done;
    },
    async recordFailure(queries, entry, { error, final }) {
      const reason = error instanceof RepositoryError ? error.message : 'An unexpected error occurred.';
      await updateTag(queries, entry.package_id, {
        tag_status: final ? 'Failed' : 'Pending',
        tag_message: final ? `Given up: ${reason}` : `Tried again soon: ${reason}`,
      });
    },
  };
}

async function tag(
  { database, repositoryOf }: Parameters<typeof tagEffect>[0],
  entry: OutboxRow,
  signal: AbortSignal,
): Promise<Done> {
  const row = await findAnyPackage(database.read, entry.package_id);
  const app = await findApp(database.read, entry.app_id);
  // Deleted in between: there is nothing left to tag.
  if (row === undefined || app === undefined) return { entry, record: async () => {} };
  const repository = repositoryOf(app);
  const request = { name: row.version, revisionId: row.revision, message: row.description };
  const outcome = await repository.createTag(request, signal);
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
