import type { BranchRequest } from '../../domain/branch-name.ts';
import { quote } from '../../domain/refusal.ts';
import { type BranchName, RepositoryError, type ResolvedRevision, type RevisionRequest } from '../repository.ts';
import { runSvn, type SvnRemote, target, urlOf } from './run-svn.ts';
import { svnFailure } from './svn-failure.ts';
import { askInfo, type SvnInfo, traceInfo } from './svn-info.ts';
import { type PlacedBranch, pathOf, placesOf } from './svn-layout.ts';
import { findAll, parseSvnXml } from './svn-xml.ts';

/** Svn counts revisions in 32 bits. */
const LARGEST_REVISION = 2 ** 31 - 1;

/** Where the source of a build is. */
export interface Place {
  readonly branch: BranchName;
  /** What holds it, as a URL without a revision. */
  readonly url: string;
  /** The same below the root of the repository, with a slash before it. */
  readonly rootPath: string;
  readonly rootUrl: string;
  readonly revision: number;
  /** When that last changed, in milliseconds since 1970. */
  readonly committedAt: number;
}

/** Reads a revision id. @returns undefined for what is none */
export function parseSvnRevision(text: string): number | undefined {
  const revision = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
  return revision <= LARGEST_REVISION ? revision : undefined;
}

/**
 * Finds the revision a client means: it has to be there, with the folder of the branch in it. A branch that was deleted
 * since is found in the revisions that have it.
 *
 * @param isKnown tells whether a branch is kept here at a revision, which spares asking
 * @throws RepositoryError `unknown-branch`, `unknown-revision`, `not-on-branch`, `unreachable`
 */
export async function resolveSvnRevision(
  remote: SvnRemote,
  { branch: request, revision: text }: RevisionRequest,
  isKnown: (place: PlacedBranch, revision: number) => Promise<boolean>,
  signal: AbortSignal,
): Promise<ResolvedRevision> {
  signal.throwIfAborted();
  const revision = parseSvnRevision(text);
  if (revision === undefined) throw unknownRevision(text);
  const places = placesOf(remote.layout, request);
  const [first] = places;
  if (first === undefined) throw unknownBranch(request);
  const resolved = ({ name, isMainLine }: BranchName): ResolvedRevision => ({
    branch: { name, isMainLine },
    id: String(revision),
    namedByNumber: revision,
  });
  if (await isKnown(first, revision)) return resolved(first);
  const targets = places.map(({ path }) => target(remote, path, revision));
  const { infos } = await askInfo(remote, targets, signal);
  const found = places.find((_, at) => infos[at]?.isFolder === true);
  if (found !== undefined) return resolved(found);
  return resolved(await findForeign(remote, request, places, revision, signal));
}

/** The branch whose folder is not in the revision, where the app builds it all the same; else says what is wrong. */
async function findForeign(
  remote: SvnRemote,
  request: BranchRequest,
  places: readonly PlacedBranch[],
  revision: number,
  signal: AbortSignal,
): Promise<BranchName> {
  const targets = ['', ...places.map(({ path }) => path)].map((path) => target(remote, path, 'HEAD'));
  const { infos, outcome } = await askInfo(remote, [...new Set(targets)], signal);
  const [top] = infos;
  if (top === undefined) throw svnFailure(outcome, remote.address, remote.settings.connectTimeoutMs);
  const branch = places.find(
    ({ path }) => path === '' || infos[targets.indexOf(target(remote, path, 'HEAD'))]?.isFolder,
  );
  if (branch === undefined) throw unknownBranch(request);
  if (revision > top.revision) throw unknownRevision(String(revision));
  if (remote.allowForeignRevisions && (await findElsewhere(remote, branch, revision, signal)) !== undefined)
    return branch;
  const message = `The revision ${revision} is not on the branch ${quote(branch.name)}: give one that holds it.`;
  throw new RepositoryError('not-on-branch', message);
}

/**
 * Finds the source of a revision that was resolved.
 *
 * @throws RepositoryError `unknown-revision`, `unreachable`
 */
export async function locate(
  remote: SvnRemote,
  branch: BranchName,
  revisionId: string,
  signal: AbortSignal,
): Promise<Place> {
  const revision = parseSvnRevision(revisionId);
  if (revision === undefined) throw unknownRevision(revisionId);
  const path = pathOf(remote.layout, branch);
  const { infos } = await askInfo(remote, [target(remote, path, revision)], signal);
  const foreign = async () =>
    remote.allowForeignRevisions ? await findElsewhere(remote, branch, revision, signal) : undefined;
  const info = infos[0]?.isFolder === true ? infos[0] : await foreign();
  if (info !== undefined) {
    const { rootPath, rootUrl, changedAt } = info;
    // In our own spelling where it can be, so that what is kept is found again without asking.
    const url = info === infos[0] ? urlOf(remote, path) : info.url;
    return { branch, url, rootPath, rootUrl, revision, committedAt: inSeconds(changedAt) };
  }
  throw unknownRevision(revisionId);
}

/** What a branch was copied from, as it was at a revision; else the branch that the revision changed. */
async function findElsewhere(
  remote: SvnRemote,
  branch: BranchName,
  revision: number,
  signal: AbortSignal,
): Promise<SvnInfo | undefined> {
  const today = target(remote, pathOf(remote.layout, branch), 'HEAD');
  const past = await traceInfo(remote, today, revision, signal);
  if (past?.isFolder === true) return past;
  for (const path of await changedBranches(remote, revision, signal)) {
    const { infos } = await askInfo(remote, [target(remote, path, revision)], signal);
    if (infos[0]?.isFolder === true) return infos[0];
  }
  return undefined;
}

/** The folders of the branches, below the address, in which a revision changed something. */
async function changedBranches(remote: SvnRemote, revision: number, signal: AbortSignal): Promise<readonly string[]> {
  const { connectTimeoutMs: timeoutMs } = remote.settings;
  const { infos } = await askInfo(remote, [target(remote, '', 'HEAD')], signal);
  const prefix = `${infos[0]?.rootPath ?? ''}/`.replace(/^\/\//, '/');
  const args = ['log', '-v', '-q', '--xml', '-r', String(revision), target(remote, '', 'HEAD')];
  const { stdout } = await runSvn(remote, { args, timeoutMs, signal });
  const { trunk, branches } = remote.layout;
  const changed = findAll(parseSvnXml(stdout), 'path').map(({ text }) => text.slice(prefix.length));
  return changed.flatMap((path) => {
    if (path.startsWith(`${branches}/`)) return [path.split('/', branches.split('/').length + 1).join('/')];
    return path === trunk || path.startsWith(`${trunk}/`) ? [trunk] : [];
  });
}

/** Packages hold times by the second. */
function inSeconds(time: number): number {
  return Math.floor(time / 1000) * 1000;
}

export function unknownBranch(request: BranchRequest): RepositoryError {
  const sentence = request.mainLine
    ? "The repository has no folder for its main line: make it, or set the app's Trunk."
    : `The branch ${quote(request.name)} is not in the repository.`;
  return new RepositoryError('unknown-branch', sentence);
}

export function unknownRevision(text: string): RepositoryError {
  const message = `The revision ${quote(text)} is not in the repository: give the number of one that is.`;
  return new RepositoryError('unknown-revision', message);
}
