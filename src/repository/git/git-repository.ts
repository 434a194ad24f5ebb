import { join } from 'node:path';
import type { BranchRequest } from '../../domain/branch-name.ts';
import { compareBytes } from '../path-order.ts';
import type { RemoteCredentials } from '../remote-credentials.ts';
import type {
  Branch,
  Repository,
  ResolvedRevision,
  RevisionFacts,
  RevisionInfo,
  RevisionRange,
  RevisionRequest,
  SourceTree,
  TagRequest,
} from '../repository.ts';
import { createTags } from './create-tags.ts';
import { mainLineOf } from './find-branch.ts';
import { parseCommit } from './git-objects.ts';
import type { History } from './history.ts';
import { Mirror, type MirrorContext } from './mirror.ts';
import { folderNameOf, openFiles, openTree } from './open-tree.ts';
import { readObjects } from './read-objects.ts';
import { parseRemoteAddress, type RemoteAddress, withCredentials } from './remote-address.ts';
import { findNumber, freshBranch, resolveRevision, revisionGone } from './resolve-revision.ts';

/*
 * Git behind the Repository interface. This folder owns the mirrors of an app (its own and those of its submodules) and
 * every git process; it does not know packages, builds or users.
 *
 * Invariant: objects are only ever added to a mirror, so what was resolved once can be read again, whatever becomes of
 * the branches upstream.
 */

export interface GitRepositoryOptions extends MirrorContext {
  /** Holds everything that is kept for the app: `mirror.git`, and `modules/` for submodules. */
  readonly folder: string;
  readonly address: string;
  readonly credentials: RemoteCredentials | undefined;
  /** The name of the main line; undefined for the one that the remote's HEAD names. */
  readonly mainBranch: string | undefined;
  readonly now: () => number;
}

export interface GitRepository extends Repository {
  /** Frees memory and processes; whatever comes next takes a little longer. */
  rest(): void;
}

/**
 * Opens the repository of an app. Nothing is asked of the remote before the first call.
 *
 * @throws RepositoryError `bad-address`
 */
export function openGitRepository(options: GitRepositoryOptions): GitRepository {
  const { folder, mainBranch } = options;
  const address = withCredentials(parseRemoteAddress(options.address), options.credentials);
  const mirror = new Mirror(options, join(folder, 'mirror.git'), address);
  const modules = new Map<string, Mirror>();
  const mirrorOf = (address: RemoteAddress) => {
    const known =
      modules.get(address.url) ?? new Mirror(options, join(folder, 'modules', folderNameOf(address)), address);
    modules.set(address.url, known);
    return known;
  };
  return {
    resolve: (request: RevisionRequest, signal: AbortSignal): Promise<ResolvedRevision> =>
      resolveRevision(mirror, request, mainBranch, signal),
    listBranches: (signal: AbortSignal) => listBranches(mirror, mainBranch, signal),
    findBranch: (branch: BranchRequest, signal: AbortSignal) => findOneBranch(mirror, branch, mainBranch, signal),
    listRevisions: (branch: BranchRequest, range: RevisionRange, signal: AbortSignal) =>
      listRevisions(mirror, branch, mainBranch, range, signal),
    countRevisions: async (branch: BranchRequest, headId: string, signal: AbortSignal) => {
      const { history, head } = await findLine(mirror, branch, mainBranch, headId, signal);
      return await history.lengthOf(head);
    },
    readRevisions: (ids: readonly string[], signal: AbortSignal) => readRevisions(mirror, ids, signal),
    findNumber: (branch: BranchRequest, revisionId: string, signal: AbortSignal) =>
      findNumber(mirror, branch, revisionId, mainBranch, signal),
    openTree: (revisionId: string, signal: AbortSignal): Promise<SourceTree> =>
      openTree(mirror, revisionId, mirrorOf, signal),
    openFiles: (revisionId: string, ending: string, signal: AbortSignal): Promise<SourceTree> =>
      openFiles(mirror, revisionId, ending, signal),
    createTags: (tags: readonly TagRequest[], signal: AbortSignal) => createTags(mirror, tags, options.now(), signal),
    rest: () => {
      for (const one of [mirror, ...modules.values()]) one.rest();
    },
    close: async () => {
      await Promise.all([mirror, ...modules.values()].map((one) => one.close()));
    },
  };
}

async function listBranches(
  mirror: Mirror,
  mainBranch: string | undefined,
  signal: AbortSignal,
): Promise<readonly Branch[]> {
  const known = await mirror.look(signal);
  const mainLine = mainLineOf(known, mainBranch);
  const counts = await known.history.countsOf([...new Set(known.heads.values())]);
  const branches = Array.from(known.heads, ([name, headId]): Branch => {
    return { name, isMainLine: name === mainLine, headId, headNumber: counts.get(headId) ?? 0 };
  });
  const mainFirst = (a: Branch, b: Branch) => Number(b.isMainLine) - Number(a.isMainLine);
  return branches.sort((a, b) => mainFirst(a, b) || compareBytes(a.name, b.name));
}

async function findOneBranch(
  mirror: Mirror,
  request: BranchRequest,
  mainBranch: string | undefined,
  signal: AbortSignal,
): Promise<Branch> {
  const { known, branch } = await freshBranch(mirror, request, mainBranch, signal);
  const counts = await known.history.countsOf([branch.headId]);
  return { ...branch, headNumber: counts.get(branch.headId) ?? 0 };
}

async function listRevisions(
  mirror: Mirror,
  request: BranchRequest,
  mainBranch: string | undefined,
  { limit, skip, headId }: RevisionRange,
  signal: AbortSignal,
): Promise<readonly RevisionInfo[]> {
  const { history, head } = await findLine(mirror, request, mainBranch, headId, signal);
  const newest = await history.newest(head, limit, skip);
  const facts = await readRevisions(
    mirror,
    newest.map(({ id }) => id),
    signal,
  );
  return facts.flatMap((one, at) => (one === undefined ? [] : [{ ...one, number: newest[at]?.number ?? 0 }]));
}

/** The first-parent line of a branch, from a head that it had or from that of now. */
async function findLine(
  mirror: Mirror,
  request: BranchRequest,
  mainBranch: string | undefined,
  headId: string | undefined,
  signal: AbortSignal,
): Promise<{ readonly history: History; readonly head: string }> {
  const here = headId === undefined ? undefined : await mirror.known(signal);
  if (headId !== undefined && here?.history.graph.find(headId) !== undefined) {
    return { history: here.history, head: headId };
  }
  const { known, branch } = await freshBranch(mirror, request, mainBranch, signal);
  if (headId !== undefined && known.history.graph.find(headId) === undefined) throw revisionGone(headId);
  return { history: known.history, head: headId ?? branch.headId };
}

async function readRevisions(
  mirror: Mirror,
  ids: readonly string[],
  signal: AbortSignal,
): Promise<readonly (RevisionFacts | undefined)[]> {
  const revisions: (RevisionFacts | undefined)[] = [];
  for await (const object of readObjects(mirror.source, 'lookup', ids, signal)) {
    const isCommit = object.found && object.type === 'commit' && object.bytes instanceof Buffer;
    if (!isCommit) revisions.push(undefined);
    else {
      const { message, committedAt, authorName, authorEmail } = parseCommit(object.bytes);
      revisions.push({ id: object.id, message, committedAt, authorName, authorEmail });
    }
  }
  return revisions;
}
