import { quote } from '../../domain/refusal.ts';
import { RepositoryError, type ResolvedRevision, type RevisionRequest } from '../repository.ts';
import { type FoundBranch, findBranch, unknownBranch } from './find-branch.ts';
import { type Finding, findRevision, isFullHash, type Meaning, notARevision, parseRevision } from './find-revision.ts';
import type { Known, Mirror } from './mirror.ts';

/** What is known of the remote while one request is answered, and whether it was asked for this request. */
interface View {
  readonly known: Known;
  readonly isFresh: boolean;
}

/**
 * Finds the revision a client means: in the mirror as it is, and once more after the remote was asked. The likelier
 * meaning of a text is looked for to the end before the next is tried, so that a new revision whose number has just been
 * pushed is never taken for a hash.
 *
 * @throws RepositoryError of every kind that {@link Repository.resolve} names
 */
export async function resolveRevision(
  mirror: Mirror,
  request: RevisionRequest,
  mainBranch: string | undefined,
  signal: AbortSignal,
): Promise<ResolvedRevision> {
  const meanings = parseRevision(request.revision);
  if (meanings.length === 0) throw notARevision(request.revision);
  let view = await firstView(mirror, signal);
  let refusal: RepositoryError | undefined;
  for (const meaning of meanings) {
    let result = await tryMeaning(mirror, view, request, mainBranch, meaning, signal);
    if (result instanceof RepositoryError && result.kind !== 'ambiguous-revision' && !view.isFresh) {
      view = { known: await mirror.look(signal), isFresh: true };
      result = await tryMeaning(mirror, view, request, mainBranch, meaning, signal);
    }
    if (!(result instanceof RepositoryError)) return result;
    refusal = moreTelling(refusal, result);
  }
  throw refusal ?? notARevision(request.revision);
}

async function firstView(mirror: Mirror, signal: AbortSignal): Promise<View> {
  const known = await mirror.known(signal);
  return known === undefined ? { known: await mirror.look(signal), isFresh: true } : { known, isFresh: false };
}

async function tryMeaning(
  mirror: Mirror,
  view: View,
  request: RevisionRequest,
  mainBranch: string | undefined,
  meaning: Meaning,
  signal: AbortSignal,
): Promise<ResolvedRevision | RepositoryError> {
  const branch = findBranch(view.known, request.branch, mainBranch);
  if (branch === undefined) return unknownBranch(view.known, request.branch, mainBranch);
  const finding = await find(mirror, view, branch, meaning, signal);
  if (finding instanceof RepositoryError) return finding;
  return { branch: { name: branch.name, isMainLine: branch.isMainLine }, ...finding };
}

async function find(
  mirror: Mirror,
  view: View,
  branch: FoundBranch,
  meaning: Meaning,
  signal: AbortSignal,
): Promise<Finding> {
  const where = { source: mirror.source, history: view.known.history, branch };
  const finding = await findRevision(where, meaning, signal);
  const isMissing = finding instanceof RepositoryError && finding.kind === 'unknown-revision';
  if (!isMissing || !view.isFresh || !isFullHash(meaning)) return finding;
  // No branch leads to it, but it may be the id of a tag, or stand on a ref of another kind.
  const fetched = await mirror.fetchObject(meaning.prefix, signal);
  return fetched ? await findRevision(where, meaning, signal) : finding;
}

/** A refusal that knows the revision tells more than one that does not. */
function moreTelling(one: RepositoryError | undefined, other: RepositoryError): RepositoryError {
  return one === undefined || one.kind === 'unknown-revision' ? other : one;
}

/** The integer of a revision of a branch, asking the remote only when the branch is not known here. */
export async function findNumber(
  mirror: Mirror,
  request: RevisionRequest['branch'],
  revisionId: string,
  mainBranch: string | undefined,
  signal: AbortSignal,
): Promise<number | undefined> {
  const here = await mirror.known(signal);
  const branch = here === undefined ? undefined : findBranch(here, request, mainBranch);
  const { known, branch: found } =
    here === undefined || branch === undefined
      ? await freshBranch(mirror, request, mainBranch, signal)
      : { known: here, branch };
  return known.history.numberOf(revisionId, found.headId);
}

/** The branch a client means, as the remote has it now. @throws RepositoryError `unknown-branch`, `unreachable` */
export async function freshBranch(
  mirror: Mirror,
  request: RevisionRequest['branch'],
  mainBranch: string | undefined,
  signal: AbortSignal,
): Promise<{ readonly known: Known; readonly branch: FoundBranch }> {
  const known = await mirror.look(signal);
  const branch = findBranch(known, request, mainBranch);
  if (branch === undefined) throw unknownBranch(known, request, mainBranch);
  return { known, branch };
}

export function revisionGone(revisionId: string): RepositoryError {
  return new RepositoryError(
    'unknown-revision',
    `The revision ${quote(revisionId)} is not in the repository any more.`,
  );
}
