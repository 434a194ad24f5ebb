import type { Database } from '../database/database.ts';
import { findNewestBuilt } from '../database/packages.ts';
import type { AppRow } from '../database/schema.ts';
import { latestTaggedVersion, NO_TAGGED_VERSION } from '../domain/version.ts';
import type { BranchName, Repository } from '../repository/repository.ts';

export interface FindLatestTaggedVersionsDeps {
  readonly database: Database;
  readonly repositoryOf: (app: AppRow) => Repository;
}

/**
 * The `LatestTaggedVersion` of each of some branches: `major.minor.patch.revision` of the package that was built for it
 * last, `0.0.0.0` before the first. After a build of the newest revision its last part is the branch's newest integer.
 *
 * @returns in the order of the branches
 * @throws RepositoryError `unknown-branch`, `unreachable`
 */
export async function findLatestTaggedVersions(
  { database, repositoryOf }: FindLatestTaggedVersionsDeps,
  app: AppRow,
  branches: readonly BranchName[],
  signal: AbortSignal,
): Promise<readonly string[]> {
  const versions: string[] = [];
  for (const { name, isMainLine } of branches) {
    const row = await findNewestBuilt(database.read, app.id, name);
    const branch = isMainLine ? ({ mainLine: true } as const) : { mainLine: false as const, name, orMainLine: false };
    const number = row && (await repositoryOf(app).findNumber(branch, row.revision, signal));
    versions.push(row === undefined ? NO_TAGGED_VERSION : latestTaggedVersion(row.version, number));
  }
  return versions;
}
