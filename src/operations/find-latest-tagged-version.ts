import type { Database } from '../database/database.ts';
import { findNewestBuilt } from '../database/packages.ts';
import type { AppRow } from '../database/schema.ts';
import { latestTaggedVersion, NO_TAGGED_VERSION } from '../domain/version.ts';
import type { BranchName, Repository } from '../repository/repository.ts';

export interface FindLatestTaggedVersionDeps {
  readonly database: Database;
  readonly repositoryOf: (app: AppRow) => Repository;
}

/**
 * The `LatestTaggedVersion` of a branch: `major.minor.patch.revision` of the package that was built for it last,
 * `0.0.0.0` before the first. After a build of the newest revision its last part is the branch's newest integer.
 *
 * @throws RepositoryError `unknown-branch`, `unreachable`
 */
export async function findLatestTaggedVersion(
  { database, repositoryOf }: FindLatestTaggedVersionDeps,
  app: AppRow,
  { name, isMainLine }: BranchName,
  signal: AbortSignal,
): Promise<string> {
  const row = await findNewestBuilt(database.read, app.id, name);
  if (row === undefined) return NO_TAGGED_VERSION;
  const branch = isMainLine ? ({ mainLine: true } as const) : { mainLine: false as const, name, orMainLine: false };
  return latestTaggedVersion(row.version, await repositoryOf(app).findNumber(branch, row.revision, signal));
}
