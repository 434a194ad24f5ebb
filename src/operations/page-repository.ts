import type { AppRow } from '../database/schema.ts';
import type { BranchRequest } from '../domain/branch-name.ts';
import type { MendixVersion } from '../domain/mendix-version.ts';
import type { Branch, BranchName, RevisionFacts } from '../repository/repository.ts';
import { type DescribeBranchesDeps, exactly, findBranch, refusing } from './describe-branches.ts';
import { findMendixVersions } from './find-mendix-versions.ts';

/** One page of a list, and how long the list is. */
export interface Page<Item> {
  readonly items: readonly Item[];
  readonly total: number;
}

export interface Commit extends RevisionFacts {
  readonly mendixVersion: MendixVersion | undefined;
}

export interface BranchWithCommit extends BranchName {
  /** undefined where the repository does not tell it. */
  readonly latestCommit: Commit | undefined;
}

export interface PageRange {
  readonly limit: number;
  readonly skip: number;
}

/**
 * Branches of an app's repository with what they point to, the main line first.
 *
 * @throws Refusal REPOSITORY_UNAVAILABLE
 */
export async function pageBranches(
  deps: DescribeBranchesDeps,
  app: AppRow,
  { limit, skip }: PageRange,
  signal: AbortSignal,
): Promise<Page<BranchWithCommit>> {
  const branches = await refusing(() => deps.repositoryOf(app).listBranches(signal));
  return { items: await withCommits(deps, app, branches.slice(skip, skip + limit), signal), total: branches.length };
}

/** @throws Refusal BRANCH_NOT_FOUND, REPOSITORY_UNAVAILABLE */
export async function retrieveBranch(
  deps: DescribeBranchesDeps,
  app: AppRow,
  request: BranchRequest,
  signal: AbortSignal,
): Promise<BranchWithCommit> {
  const [found] = await withCommits(deps, app, [await findBranch(deps, app, request, signal)], signal);
  if (found === undefined) throw new Error('asking for one branch gave none');
  return found;
}

/**
 * Commits of a branch, newest first.
 *
 * @param range `headId`: the one that an earlier page had, so that its followers go on where it ended
 * @throws Refusal BRANCH_NOT_FOUND, INVALID_PARAMETERS for a head that is not there, REPOSITORY_UNAVAILABLE
 */
export async function pageCommits(
  deps: DescribeBranchesDeps,
  app: AppRow,
  { branch: request, limit, skip, headId }: PageRange & { readonly branch: BranchRequest; readonly headId?: string },
  signal: AbortSignal,
): Promise<Page<Commit> & { readonly headId: string }> {
  const branch = await findBranch(deps, app, request, signal);
  const repository = deps.repositoryOf(app);
  const head = headId ?? branch.headId;
  const total = await refusing(() => repository.countRevisions(exactly(branch), head, signal));
  const revisions = await refusing(() =>
    repository.listRevisions(exactly(branch), { limit, skip, headId: head }, signal),
  );
  const versions = await findMendixVersions(
    deps,
    app,
    revisions.map(({ id }) => ({ revisionId: id, branch })),
    signal,
  );
  return { items: revisions.map((one, at) => ({ ...one, mendixVersion: versions[at] })), total, headId: head };
}

async function withCommits(
  deps: DescribeBranchesDeps,
  app: AppRow,
  branches: readonly Branch[],
  signal: AbortSignal,
): Promise<readonly BranchWithCommit[]> {
  const ids = branches.map(({ headId }) => headId);
  const facts = await refusing(() => deps.repositoryOf(app).readRevisions(ids, signal));
  const heads = branches.map((branch) => ({ revisionId: branch.headId, branch }));
  const versions = await findMendixVersions(deps, app, heads, signal);
  return branches.map(({ name, isMainLine }, at) => {
    const commit = facts[at];
    return { name, isMainLine, latestCommit: commit && { ...commit, mendixVersion: versions[at] } };
  });
}
