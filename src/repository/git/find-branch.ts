import type { BranchRequest } from '../../domain/branch-name.ts';
import { quote } from '../../domain/refusal.ts';
import { type BranchName, RepositoryError } from '../repository.ts';
import type { Known } from './mirror.ts';

export interface FoundBranch extends BranchName {
  readonly headId: string;
}

/** Names tried for the main line where neither the app nor the remote's HEAD says. */
const USUAL_NAMES = ['main', 'master', 'trunk'];

/** Which branch is the main line: the app's setting, else the remote's HEAD, else what it is usually called. */
export function mainLineOf(known: Known, mainBranch: string | undefined): string | undefined {
  if (mainBranch !== undefined) return mainBranch;
  if (known.headBranch !== undefined && known.heads.has(known.headBranch)) return known.headBranch;
  const [only] = known.heads.keys();
  return known.heads.size === 1 ? only : USUAL_NAMES.find((name) => known.heads.has(name));
}

/** Finds the branch a client means among those that are known. Names are case-sensitive. */
export function findBranch(
  known: Known,
  request: BranchRequest,
  mainBranch: string | undefined,
): FoundBranch | undefined {
  const mainLine = mainLineOf(known, mainBranch);
  const named = request.mainLine ? undefined : known.heads.get(request.name);
  if (!request.mainLine && named !== undefined) {
    return { name: request.name, isMainLine: request.name === mainLine, headId: named };
  }
  if (mainLine === undefined || (!request.mainLine && !request.orMainLine)) return undefined;
  const headId = known.heads.get(mainLine);
  return headId === undefined ? undefined : { name: mainLine, isMainLine: true, headId };
}

/** Why {@link findBranch} found nothing. */
export function unknownBranch(known: Known, request: BranchRequest, mainBranch: string | undefined): RepositoryError {
  const sentence = () => {
    if (known.heads.size === 0) return 'The repository has no branches yet: push a first commit.';
    if (!request.mainLine && !request.orMainLine) return `The branch ${quote(request.name)} is not in the repository.`;
    if (mainBranch === undefined)
      return 'The repository does not say which branch is its main line: set it on the app.';
    return `The branch ${quote(mainBranch)}, which is set as the main line of the app, is not in the repository.`;
  };
  return new RepositoryError('unknown-branch', sentence());
}
