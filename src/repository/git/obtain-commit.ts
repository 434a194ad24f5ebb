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

/** Whether a commit is here, or can be had: as {@link obtainCommit}, and without reading what is known to be here. */
export async function canObtainCommit(mirror: Mirror, commitId: string, signal: AbortSignal): Promise<boolean> {
  return (await isKnown(mirror, commitId, signal)) || (await obtainCommit(mirror, commitId, signal)) !== undefined;
}

async function findCommit(mirror: Mirror, commitId: string, signal: AbortSignal): Promise<Commit | undefined> {
  if (!/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(commitId)) return undefined;
  const known = await isKnown(mirror, commitId, signal);
  if (!known && !(await mirror.exists())) return undefined;
  const object = await readObject(mirror.source, commitId, signal, known ? { expected: 'commit' } : {});
  const isCommit = object.found && object.type === 'commit' && object.bytes instanceof Buffer;
  return isCommit ? parseCommit(object.bytes) : undefined;
}

/** Whether the history has it: then it has been read before. */
async function isKnown(mirror: Mirror, commitId: string, signal: AbortSignal): Promise<boolean> {
  return (await mirror.known(signal))?.history.graph.find(commitId) !== undefined;
}
