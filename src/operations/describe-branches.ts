import type { AppRow } from '../database/schema.ts';
import type { BranchRequest } from '../domain/branch-name.ts';
import type { MendixVersion } from '../domain/mendix-version.ts';
import { Refusal } from '../domain/refusal.ts';
import type { ErrorCode } from '../protocol/error-codes.ts';
import { type Branch, RepositoryError, type RepositoryErrorKind, type RevisionInfo } from '../repository/repository.ts';
import { type FindLatestTaggedVersionsDeps, findLatestTaggedVersions } from './find-latest-tagged-versions.ts';
import { type FindMendixVersionsDeps, findMendixVersions } from './find-mendix-versions.ts';

export type DescribeBranchesDeps = FindLatestTaggedVersionsDeps & FindMendixVersionsDeps;

/** A branch as it is now, with what was built of it. */
export interface DescribedBranch extends Branch {
  /** See {@link findLatestTaggedVersions}. */
  readonly latestTaggedVersion: string;
  /** Of its head; see {@link findMendixVersions}. */
  readonly mendixVersion: MendixVersion | undefined;
}

export interface DescribedRevision extends RevisionInfo {
  readonly mendixVersion: MendixVersion | undefined;
}

/**
 * Every branch of an app's repository, the main line first.
 *
 * @throws Refusal REPOSITORY_UNAVAILABLE
 */
export async function describeBranches(
  deps: DescribeBranchesDeps,
  app: AppRow,
  signal: AbortSignal,
): Promise<readonly DescribedBranch[]> {
  const branches = await refusing(() => deps.repositoryOf(app).listBranches(signal));
  return await describe(deps, app, branches, signal);
}

/** @throws Refusal BRANCH_NOT_FOUND, REPOSITORY_UNAVAILABLE */
export async function describeBranch(
  deps: DescribeBranchesDeps,
  app: AppRow,
  request: BranchRequest,
  signal: AbortSignal,
): Promise<DescribedBranch> {
  const branch = await findBranch(deps, app, request, signal);
  const [described] = await describe(deps, app, [branch], signal);
  if (described === undefined) throw new Error('describing one branch gave none');
  return described;
}

/**
 * The newest revisions of a branch, newest first.
 *
 * @throws Refusal BRANCH_NOT_FOUND, REPOSITORY_UNAVAILABLE
 */
export async function describeRevisions(
  deps: DescribeBranchesDeps,
  app: AppRow,
  { branch: request, limit }: { readonly branch: BranchRequest; readonly limit: number },
  signal: AbortSignal,
): Promise<readonly DescribedRevision[]> {
  const branch = await findBranch(deps, app, request, signal);
  const revisions = await refusing(() => deps.repositoryOf(app).listRevisions(exactly(branch), { limit }, signal));
  const onBranch = revisions.map(({ id }) => ({ revisionId: id, branch }));
  const versions = await findMendixVersions(deps, app, onBranch, signal);
  return revisions.map((revision, at) => ({ ...revision, mendixVersion: versions[at] }));
}

async function describe(
  deps: DescribeBranchesDeps,
  app: AppRow,
  branches: readonly Branch[],
  signal: AbortSignal,
): Promise<readonly DescribedBranch[]> {
  const heads = branches.map((branch) => ({ revisionId: branch.headId, branch }));
  const tagged = await refusing(() => findLatestTaggedVersions(deps, app, branches, signal));
  const versions = await findMendixVersions(deps, app, heads, signal);
  return branches.map((branch, at) => ({
    ...branch,
    latestTaggedVersion: tagged[at] ?? '',
    mendixVersion: versions[at],
  }));
}

/** A branch that was found, as a request that means it and no other. */
export function exactly({ name, isMainLine }: Branch): BranchRequest {
  return isMainLine ? { mainLine: true } : { mainLine: false, name, orMainLine: false };
}

/**
 * Finds a branch as a build does: by its very name, else by a word for the main line.
 *
 * @throws Refusal BRANCH_NOT_FOUND, REPOSITORY_UNAVAILABLE
 */
export async function findBranch(
  { repositoryOf }: DescribeBranchesDeps,
  app: AppRow,
  request: BranchRequest,
  signal: AbortSignal,
): Promise<Branch> {
  const branches = await refusing(() => repositoryOf(app).listBranches(signal));
  const named = request.mainLine ? undefined : branches.find(({ name }) => name === request.name);
  const isMainMeant = request.mainLine || request.orMainLine;
  const found = named ?? (isMainMeant ? branches.find(({ isMainLine }) => isMainLine) : undefined);
  if (found === undefined) throw new Refusal('BRANCH_NOT_FOUND');
  return found;
}

/** Answers what the repository answers. @throws Refusal for what it cannot */
export async function refusing<T>(ask: () => T | Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof RepositoryError)) throw error;
    throw new Refusal(CODES[error.kind] ?? 'REPOSITORY_UNAVAILABLE', error.message, { cause: error });
  }
}

const CODES: Partial<Record<RepositoryErrorKind, ErrorCode>> = {
  // Between two questions a branch may go.
  'unknown-branch': 'BRANCH_NOT_FOUND',
  'unknown-revision': 'INVALID_PARAMETERS',
};
