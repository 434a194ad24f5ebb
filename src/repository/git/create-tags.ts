import { quote } from '../../domain/refusal.ts';
import { RepositoryError, type TagOutcome, type TagRequest } from '../repository.ts';
import { isTagName } from '../tag-name.ts';
import { remoteFailure } from './git-failure.ts';
import type { Mirror } from './mirror.ts';
import { canObtainCommit } from './obtain-commit.ts';
import { findRemoteTags, runRemote } from './remote.ts';
import type { GitOutcome } from './run-git.ts';
import { writeTagObject } from './write-tag-object.ts';

/**
 * Makes annotated tags on the remote, all by one push. The mirror gets tag objects and no refs, so that nothing stands
 * in the way of another try.
 *
 * @returns an outcome for each, in their order
 * @throws RepositoryError `unreachable`
 */
export async function createTags(
  mirror: Mirror,
  tags: readonly TagRequest[],
  now: number,
  signal: AbortSignal,
): Promise<readonly TagOutcome[]> {
  if (!(await mirror.exists())) await mirror.look(signal);
  const gone = await findGone(mirror, tags, signal);
  // One version may have been built twice: git takes a name once.
  const byName = new Map(tags.toReversed().map((tag) => [tag.name, tag]));
  const pushable = [...byName.values()].filter(({ name }) => isTagName(name));
  const there = pushable.filter(({ revisionId }) => !gone.has(revisionId));
  const verdicts = await pushTags(mirror, there, now, signal);
  const rejected = pushable.filter(({ name }) => verdicts.get(name) !== 'pushed');
  // A tag that stands there makes git refuse: somebody's, or ours of a try whose answer was lost.
  const names = rejected.map(({ name }) => name);
  const standing = await findRemoteTags(mirror.settings, mirror.address, names, signal);
  return tags.map(({ name, revisionId }) => {
    if (!isTagName(name)) return refused(`${quote(name)} is not a name that Git accepts for a tag.`);
    const found = verdicts.get(name) === 'pushed' ? byName.get(name)?.revisionId : standing.get(name);
    if (found !== undefined) return found === revisionId ? 'done' : 'conflict';
    if (gone.has(revisionId)) {
      return refused(`The repository ${mirror.address.shown} has not the revision ${revisionId} any more.`);
    }
    return refused(
      `The repository ${mirror.address.shown} refused the tag ${quote(name)}: ${verdicts.get(name) ?? 'it said nothing'}.`,
    );
  });
}

/**
 * A tag cannot be pushed without what it stands on, and this may be the first that is heard of it: another server has
 * accepted the build, a worker has made it.
 *
 * @returns those revisions that the remote has not any more
 */
async function findGone(
  mirror: Mirror,
  tags: readonly TagRequest[],
  signal: AbortSignal,
): Promise<ReadonlySet<string>> {
  const gone = new Set<string>();
  for (const id of new Set(tags.map(({ revisionId }) => revisionId))) {
    if (!(await canObtainCommit(mirror, id, signal))) gone.add(id);
  }
  return gone;
}

/** @returns for each name `pushed`, or what the remote said */
async function pushTags(
  mirror: Mirror,
  tags: readonly TagRequest[],
  now: number,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, string>> {
  if (tags.length === 0) return new Map();
  const refspecs: string[] = [];
  for (const tag of tags) refspecs.push(`${await writeTagObject(mirror.gitDir, tag, now)}:refs/tags/${tag.name}`);
  const { settings, address, gitDir } = mirror;
  const args = ['push', '--porcelain', '--no-verify', '--', address.url, ...refspecs];
  const outcome = await runRemote(settings, address, { args, gitDir, timeoutMs: settings.fetchTimeoutMs, signal });
  const verdicts = parsePorcelain(outcome.stdout);
  if (verdicts.size === 0) throw pushFailure(outcome, mirror);
  return verdicts;
}

/** Reads `git push --porcelain`: lines of `<flag>\t<from>:<to>\t<summary>`, where `*` is a new ref and `=` one as asked. */
function parsePorcelain(text: string): ReadonlyMap<string, string> {
  const verdicts = new Map<string, string>();
  for (const line of text.split('\n')) {
    const [flag = '', refs = '', summary = ''] = line.split('\t');
    const name = refs.split(':refs/tags/')[1];
    if (name !== undefined) verdicts.set(name, flag === '*' || flag === '=' ? 'pushed' : summary);
  }
  return verdicts;
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

function refused(message: string): RepositoryError {
  return new RepositoryError('refused', message);
}
