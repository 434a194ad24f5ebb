import { type Commit, parseCommit } from './git-objects.ts';
import type { Mirror } from './mirror.ts';
import { readObject } from './read-objects.ts';

/**
 * Reads a commit. It may be here already; a branch may lead to it (it is new, or the mirror was lost); or it is asked for by
 * its id.
 *
 * @returns undefined where the remote has it not, or not any more
 * @throws RepositoryError `unreachable`
 */
export async function obtainCommit(mirror: Mirror, commitId: string, signal: AbortSignal): Promise<Commit | undefined> {
  const here = await findCommit(mirror, commitId, signal);
  if (here !== undefined) return here;
  await mirror.look(signal);
  const looked = await findCommit(mirror, commitId, signal);
  if (looked !== undefined) return looked;
  return (await mirror.fetchObject(commitId, signal)) ? await findCommit(mirror, commitId, signal) : undefined;
}

async function findCommit(mirror: Mirror, commitId: string, signal: AbortSignal): Promise<Commit | undefined> {
  if (!/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(commitId)) return undefined;
  // Where the history knows it, it has been read before.
  const isKnown = (await mirror.known(signal))?.history.graph.find(commitId) !== undefined;
  if (!isKnown && !(await mirror.exists())) return undefined;
  const object = await readObject(mirror.source, commitId, signal, isKnown ? { expected: 'commit' } : {});
  const isCommit = object.found && object.type === 'commit' && object.bytes instanceof Buffer;
  return isCommit ? parseCommit(object.bytes) : undefined;
}
