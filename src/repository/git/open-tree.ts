import { createHash } from 'node:crypto';
import { quote } from '../../domain/refusal.ts';
import { sortByPath } from '../path-order.ts';
import { RepositoryError, type SourceFile, type SourceTree } from '../repository.ts';
import type { Commit } from './git-objects.ts';
import { LfsStore } from './lfs-store.ts';
import { listFiles } from './list-files.ts';
import type { Mirror } from './mirror.ts';
import { obtainCommit } from './obtain-commit.ts';
import { type Part, readFiles } from './read-files.ts';
import type { RemoteAddress } from './remote-address.ts';
import { revisionGone } from './resolve-revision.ts';
import { findSubmodules, type Submodule } from './submodules.ts';

/** Gives the mirror of a submodule. */
export type MirrorOf = (address: RemoteAddress) => Mirror;

const MOST_NESTED = 10;
const MOST_PARTS = 1_000;

/**
 * Opens the tree of a commit, with the trees of its submodules in their places.
 *
 * @throws RepositoryError `unknown-revision`, `unreadable`, `unreachable`, `bad-address`
 */
export async function openTree(
  mirror: Mirror,
  commitId: string,
  mirrorOf: MirrorOf,
  signal: AbortSignal,
): Promise<SourceTree> {
  const commit = await obtainCommit(mirror, commitId, signal);
  if (commit === undefined) throw revisionGone(commitId);
  const parts: Part[] = [];
  const files = await listPart({ mirror, commitId, commit, path: '', above: [] }, mirrorOf, parts, signal);
  return {
    committedAt: commit.committedAt,
    emptyFolders: [],
    files: parts.length > 1 ? sortByPath(files) : files,
    read: (wanted, readSignal) => readFiles(parts, wanted, readSignal),
    close: async () => undefined,
  };
}

/**
 * Opens the files of a commit whose names end in a text, in any case.
 *
 * @throws RepositoryError `unknown-revision`, `unreadable`, `unreachable`
 */
export async function openFiles(
  mirror: Mirror,
  commitId: string,
  ending: string,
  signal: AbortSignal,
): Promise<SourceTree> {
  const commit = await obtainCommit(mirror, commitId, signal);
  if (commit === undefined) throw revisionGone(commitId);
  const { files } = await listFiles(mirror.source, commit.treeId, signal);
  const parts: readonly Part[] = [{ path: '', source: mirror.source, lfs: new LfsStore(mirror, commitId) }];
  return {
    committedAt: commit.committedAt,
    emptyFolders: [],
    files: files.filter(({ path }) => path.toLowerCase().endsWith(ending.toLowerCase())),
    read: (wanted, readSignal) => readFiles(parts, wanted, readSignal),
    close: async () => undefined,
  };
}

interface Place {
  readonly mirror: Mirror;
  readonly commitId: string;
  readonly commit: Commit;
  /** Empty, or ending in `/`. */
  readonly path: string;
  /** The commits that lead here, as `<url> <id>`. */
  readonly above: readonly string[];
}

async function listPart(
  place: Place,
  mirrorOf: MirrorOf,
  parts: Part[],
  signal: AbortSignal,
): Promise<readonly SourceFile[]> {
  const { mirror, path } = place;
  parts.push({ path, source: mirror.source, lfs: new LfsStore(mirror, place.commitId) });
  if (parts.length > MOST_PARTS) throw tooMany(path);
  const { files, gitlinks } = await listFiles(mirror.source, place.commit.treeId, signal);
  const modulesId = files.find((file) => file.path === '.gitmodules')?.contentId;
  const submodules = await findSubmodules(mirror, gitlinks, modulesId, signal);
  const own = path === '' ? files : files.map((file) => ({ ...file, path: path + file.path }));
  if (submodules.length === 0) return own;
  const all = [own];
  for (const submodule of submodules) {
    const inner = await enter(place, submodule, mirrorOf, signal);
    all.push(await listPart(inner, mirrorOf, parts, signal));
  }
  return all.flat();
}

async function enter(place: Place, submodule: Submodule, mirrorOf: MirrorOf, signal: AbortSignal): Promise<Place> {
  const path = place.path + submodule.path;
  const here = `${place.mirror.address.url} ${place.commitId}`;
  const above = [...place.above, here];
  if (above.length > MOST_NESTED) throw tooDeep(path);
  if (above.includes(`${submodule.address.url} ${submodule.commitId}`)) throw includesItself(path);
  const mirror = mirrorOf(submodule.address);
  const commit = await findSubmoduleCommit(mirror, submodule.commitId, path, signal);
  return { mirror, commitId: submodule.commitId, commit, path: `${path}/`, above };
}

async function findSubmoduleCommit(
  mirror: Mirror,
  commitId: string,
  path: string,
  signal: AbortSignal,
): Promise<Commit> {
  let commit: Commit | undefined;
  try {
    commit = await obtainCommit(mirror, commitId, signal);
  } catch (error) {
    throw error instanceof RepositoryError ? ofSubmodule(path, error) : error;
  }
  if (commit !== undefined) return commit;
  const message = `The submodule ${quote(path)} needs the revision ${commitId}, which ${mirror.address.shown} does not have: push it there.`;
  throw new RepositoryError('unreadable', message);
}

function ofSubmodule(path: string, error: RepositoryError): RepositoryError {
  return new RepositoryError(error.kind, `The submodule ${quote(path)} cannot be read: ${error.message}`, {
    cause: error,
  });
}

function tooMany(path: string): RepositoryError {
  return new RepositoryError('unreadable', `There are more than ${MOST_PARTS} submodules, the last at ${quote(path)}.`);
}

function tooDeep(path: string): RepositoryError {
  return new RepositoryError('unreadable', `The submodule ${quote(path)} is more than ${MOST_NESTED} submodules deep.`);
}

function includesItself(path: string): RepositoryError {
  return new RepositoryError('unreadable', `The submodule ${quote(path)} includes itself.`);
}

/** Names the folder of a submodule's mirror. */
export function folderNameOf(address: RemoteAddress): string {
  return `${createHash('sha256').update(address.url).digest('hex').slice(0, 24)}.git`;
}
