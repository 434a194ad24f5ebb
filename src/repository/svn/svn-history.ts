import type { BranchRequest } from '../../domain/branch-name.ts';
import { compareBytes } from '../path-order.ts';
import type { Branch, RevisionInfo } from '../repository.ts';
import { unknownBranch } from './resolve-svn-revision.ts';
import { runSvn, type SvnRemote, target } from './run-svn.ts';
import { movedFailure, svnFailure } from './svn-failure.ts';
import { askInfo, listInfo, type SvnInfo } from './svn-info.ts';
import { MAIN_LINE, type PlacedBranch, placesOf } from './svn-layout.ts';
import { isMoved, parseLog } from './svn-log.ts';

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

/**
 * The newest revisions that changed a branch, back to the one that made it.
 *
 * @throws RepositoryError `unknown-branch`, `unreachable`
 */
export async function listSvnRevisions(
  remote: SvnRemote,
  request: BranchRequest,
  limit: number,
  signal: AbortSignal,
): Promise<readonly RevisionInfo[]> {
  const { connectTimeoutMs: timeoutMs } = remote.settings;
  const { path } = await findSvnBranch(remote, request, signal);
  const args = ['log', '--stop-on-copy', '--limit', String(limit), target(remote, path, 'HEAD')];
  const outcome = await runSvn(remote, { args, timeoutMs, signal });
  if (isMoved(outcome.stdout)) throw movedFailure(remote.address);
  if (outcome.code !== 0) throw svnFailure(outcome, remote.address, timeoutMs);
  return parseLog(outcome.stdout).map(({ revision, author, committedAt, message }) => ({
    id: String(revision),
    number: revision,
    message,
    committedAt,
    authorName: author,
    authorEmail: '',
  }));
}

/** The branch that a client means, as it is now. @throws RepositoryError `unknown-branch`, `unreachable` */
export async function findSvnBranch(
  remote: SvnRemote,
  request: BranchRequest,
  signal: AbortSignal,
): Promise<PlacedBranch> {
  const places = placesOf(remote.layout, request);
  if (places.length === 0) throw unknownBranch(request);
  const paths = [...new Set(['', ...places.map(({ path }) => path)])];
  const targets = paths.map((path) => target(remote, path, 'HEAD'));
  const { infos, outcome } = await askInfo(remote, targets, signal);
  if (infos[0] === undefined) throw svnFailure(outcome, remote.address, remote.settings.connectTimeoutMs);
  const found = places.find(({ path }) => infos[paths.indexOf(path)]?.isFolder);
  if (found === undefined) throw unknownBranch(request);
  return found;
}
