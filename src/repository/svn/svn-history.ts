import type { BranchRequest } from '../../domain/branch-name.ts';
import { compareBytes } from '../path-order.ts';
import type { Branch, RevisionInfo } from '../repository.ts';
import { parseSvnRevision, unknownBranch, unknownRevision } from './resolve-svn-revision.ts';
import { runSvn, type SvnRemote, target } from './run-svn.ts';
import { movedFailure, svnFailure } from './svn-failure.ts';
import { askInfo, listInfo, type SvnInfo } from './svn-info.ts';
import { MAIN_LINE, type PlacedBranch, placesOf } from './svn-layout.ts';
import { isMoved, type LogEntry, parseLog } from './svn-log.ts';

/**
 * Every branch there is now, the main line first: the folders right below that of the branches. A branch's number is the
 * revision that last changed it.
 *
 * @throws RepositoryError `unreachable`
 */
export async function listSvnBranches(remote: SvnRemote, signal: AbortSignal): Promise<readonly Branch[]> {
  const { layout } = remote;
  const paths = [...new Set(['', layout.trunk, layout.branches])];
  const targets = paths.map((path) => target(remote, path, 'HEAD'));
  const { infos, outcome } = await askInfo(remote, targets, signal);
  if (infos[0] === undefined) throw svnFailure(outcome, remote.address, remote.settings.connectTimeoutMs);
  const trunk = infos[paths.indexOf(layout.trunk)];
  const others = infos[paths.indexOf(layout.branches)]?.isFolder ? await listFolders(remote, signal) : [];
  const mainLine = trunk?.isFolder ? [{ ...MAIN_LINE, ...headOf(trunk.changedRevision) }] : [];
  return [...mainLine, ...others.toSorted((a, b) => compareBytes(a.name, b.name))];
}

async function listFolders(remote: SvnRemote, signal: AbortSignal): Promise<readonly Branch[]> {
  const [parent, ...entries] = await listInfo(remote, target(remote, remote.layout.branches, 'HEAD'), signal);
  const nameOf = ({ rootPath }: SvnInfo) => rootPath.slice(`${parent?.rootPath}/`.replace('//', '/').length);
  return entries
    .filter(({ isFolder }) => isFolder)
    .map((info) => ({ name: nameOf(info), isMainLine: false, ...headOf(info.changedRevision) }));
}

function headOf(revision: number): { readonly headId: string; readonly headNumber: number } {
  return { headId: String(revision), headNumber: revision };
}

/** The line of a branch: every revision that changed it since it was made, newest first. */
export interface SvnLine {
  readonly path: string;
  /** A number, or HEAD. */
  readonly head: string;
}

/** @throws RepositoryError `unknown-branch`, `unreachable` */
export async function findLine(
  remote: SvnRemote,
  request: BranchRequest,
  headId: string | undefined,
  signal: AbortSignal,
): Promise<SvnLine> {
  if (headId !== undefined && parseSvnRevision(headId) === undefined) throw unknownRevision(headId);
  const { path } = await findSvnBranch(remote, request, signal);
  return { path, head: headId ?? 'HEAD' };
}

/**
 * The newest revisions of a line.
 *
 * @param from the newest of them; by default the head
 * @throws RepositoryError `unreachable`
 */
export async function readLine(
  remote: SvnRemote,
  { path, head }: SvnLine,
  { limit, from = head }: { readonly limit: number; readonly from?: string | undefined },
  signal: AbortSignal,
): Promise<readonly RevisionInfo[]> {
  const args = ['--stop-on-copy', '--limit', String(limit), '-r', `${from}:1`, target(remote, path, head)];
  return (await runLog(remote, args, signal)).map(infoOf);
}

/**
 * The numbers of all revisions of a line, which takes a while for a long one.
 *
 * @throws RepositoryError `unreachable`
 */
export async function listNumbers(
  remote: SvnRemote,
  { path, head }: SvnLine,
  signal: AbortSignal,
): Promise<readonly number[]> {
  const { fetchTimeoutMs } = remote.settings;
  const args = ['--quiet', '--stop-on-copy', target(remote, path, head)];
  const outcome = await runSvn(remote, { args: ['log', ...args], timeoutMs: fetchTimeoutMs, signal });
  if (isMoved(outcome.stdout)) throw movedFailure(remote.address);
  if (outcome.code !== 0) throw svnFailure(outcome, remote.address, fetchTimeoutMs);
  return [...outcome.stdout.matchAll(/^r(\d+) \| /gm)].map(([, number]) => Number(number));
}

/** What some revisions say of themselves, in their order. @throws RepositoryError `unreachable` */
export async function readSvnRevisions(
  remote: SvnRemote,
  ids: readonly string[],
  signal: AbortSignal,
): Promise<readonly (RevisionInfo | undefined)[]> {
  if (ids.length === 0) return [];
  const args = ['--change', [...new Set(ids)].join(','), target(remote, '', 'HEAD')];
  const entries = new Map((await runLog(remote, args, signal)).map((entry) => [String(entry.revision), entry]));
  return ids.map((id) => {
    const entry = entries.get(id);
    return entry && infoOf(entry);
  });
}

async function runLog(remote: SvnRemote, args: readonly string[], signal: AbortSignal): Promise<readonly LogEntry[]> {
  const { connectTimeoutMs: timeoutMs } = remote.settings;
  const outcome = await runSvn(remote, { args: ['log', ...args], timeoutMs, signal });
  if (isMoved(outcome.stdout)) throw movedFailure(remote.address);
  if (outcome.code !== 0) throw svnFailure(outcome, remote.address, timeoutMs);
  return parseLog(outcome.stdout);
}

function infoOf({ revision, author, committedAt, message }: LogEntry): RevisionInfo {
  return {
    id: String(revision),
    number: revision,
    message,
    committedAt,
    authorName: author,
    authorEmail: '',
  };
}

/** A branch where it is, with the revision that last changed it. */
export interface FoundSvnBranch extends PlacedBranch {
  readonly changedRevision: number;
}

export function branchOf({ name, isMainLine, changedRevision }: FoundSvnBranch): Branch {
  return { name, isMainLine, ...headOf(changedRevision) };
}

/** The branch that a client means, as it is now. @throws RepositoryError `unknown-branch`, `unreachable` */
export async function findSvnBranch(
  remote: SvnRemote,
  request: BranchRequest,
  signal: AbortSignal,
): Promise<FoundSvnBranch> {
  const places = placesOf(remote.layout, request);
  if (places.length === 0) throw unknownBranch(request);
  const paths = [...new Set(['', ...places.map(({ path }) => path)])];
  const targets = paths.map((path) => target(remote, path, 'HEAD'));
  const { infos, outcome } = await askInfo(remote, targets, signal);
  if (infos[0] === undefined) throw svnFailure(outcome, remote.address, remote.settings.connectTimeoutMs);
  for (const place of places) {
    const info = infos[paths.indexOf(place.path)];
    if (info?.isFolder) return { ...place, changedRevision: info.changedRevision };
  }
  throw unknownBranch(request);
}
