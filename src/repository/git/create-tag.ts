import { quote } from '../../domain/refusal.ts';
import { RepositoryError, type TagRequest } from '../repository.ts';
import { localFailure, remoteFailure } from './git-failure.ts';
import type { Mirror } from './mirror.ts';
import { findRemoteTag, runRemote } from './remote.ts';
import { type GitOutcome, runGit } from './run-git.ts';
import { isTagName } from './tag-name.ts';

/**
 * Makes an annotated tag on the remote. The mirror gets a tag object and no ref, so that nothing stands in the way of
 * another try.
 *
 * @throws RepositoryError `unreachable`, `refused`
 */
export async function createTag(
  mirror: Mirror,
  tag: TagRequest,
  now: number,
  signal: AbortSignal,
): Promise<'done' | 'conflict'> {
  if (!isTagName(tag.name)) {
    throw new RepositoryError('refused', `${quote(tag.name)} is not a name that Git accepts for a tag.`);
  }
  const { settings, address } = mirror;
  if (!(await mirror.exists())) await mirror.look(signal);
  const tagId = await writeTagObject(mirror, tag, now, signal);
  const outcome = await push(mirror, tagId, tag.name, signal);
  if (outcome.code === 0) return 'done';
  // A tag that stands there makes git refuse: somebody's, or ours of a try whose answer was lost.
  const standing = outcome.timedOut ? undefined : await findRemoteTag(settings, address, tag.name, signal);
  if (standing !== undefined) return standing === tag.revisionId ? 'done' : 'conflict';
  throw pushFailure(outcome, mirror);
}

async function writeTagObject(mirror: Mirror, tag: TagRequest, now: number, signal: AbortSignal): Promise<string> {
  const { settings, gitDir } = mirror;
  const message = tag.message.replaceAll('\0', '').trim() || `Package ${tag.name}`;
  const tagger = `Slipway <slipway@localhost> ${Math.floor(now / 1000)} +0000`;
  const input = `object ${tag.revisionId}\ntype commit\ntag ${tag.name}\ntagger ${tagger}\n\n${message}\n`;
  const timeoutMs = settings.localTimeoutMs;
  const outcome = await runGit(settings, { args: ['mktag'], gitDir, input, timeoutMs, signal });
  if (outcome.code !== 0) throw localFailure(outcome, `tag ${tag.revisionId}`);
  return outcome.stdout.trim();
}

async function push(mirror: Mirror, tagId: string, name: string, signal: AbortSignal): Promise<GitOutcome> {
  const { settings, address, gitDir } = mirror;
  const args = ['push', '--quiet', '--no-verify', '--', address.url, `${tagId}:refs/tags/${name}`];
  return await runRemote(settings, address, { args, gitDir, timeoutMs: settings.fetchTimeoutMs, signal });
}

/** A remote that lets us read and not write refuses; that is not the same as being away. */
function pushFailure(outcome: GitOutcome, mirror: Mirror): RepositoryError {
  const failure = remoteFailure(outcome, mirror.address, mirror.settings.fetchTimeoutMs);
  if (failure.kind !== 'unreachable' || !/error: 403|denied|not (?:allowed|permitted)/i.test(outcome.stderr)) {
    return failure;
  }
  return new RepositoryError('refused', `The repository ${mirror.address.shown} does not let us push tags.`, {
    cause: failure.cause,
  });
}
