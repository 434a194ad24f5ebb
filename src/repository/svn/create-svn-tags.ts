import { quote } from '../../domain/refusal.ts';
import { RepositoryError, type TagOutcome, type TagRequest } from '../repository.ts';
import { isTagName } from '../tag-name.ts';
import { locate, type Place } from './resolve-svn-revision.ts';
import { runSvn, type SvnRemote, target, urlOf } from './run-svn.ts';
import { svnFailure } from './svn-failure.ts';
import { askInfo } from './svn-info.ts';
import { joinPath, MAIN_LINE } from './svn-layout.ts';
import { findAll, parseSvnXml } from './svn-xml.ts';

/** How often the folder of the tags is tried to be made, where others make it too. */
const MOST_TRIES = 3;
/** A message is an argument of the command, which the operating system bounds. */
const MESSAGE_MAX_LENGTH = 10_000;

/**
 * Makes tags by copies on the server, one after the other: `svn copy -r`, by `svnmucc`, which never puts the copy *into*
 * a folder that is there already, as `svn copy` does when another was quicker.
 *
 * @returns an outcome for each, in their order
 * @throws RepositoryError `unreachable`
 */
export async function createSvnTags(
  remote: SvnRemote,
  tags: readonly TagRequest[],
  signal: AbortSignal,
): Promise<readonly TagOutcome[]> {
  const outcomes: TagOutcome[] = [];
  for (const tag of tags) outcomes.push(await createTag(remote, tag, signal));
  return outcomes;
}

async function createTag(remote: SvnRemote, tag: TagRequest, signal: AbortSignal): Promise<TagOutcome> {
  const { name } = tag;
  if (!isTagName(name)) return new RepositoryError('refused', `${quote(name)} is not a name for a tag.`);
  const source = await findSource(remote, tag, signal);
  if (source instanceof RepositoryError) return source;
  for (let tries = 1; ; tries++) {
    const standing = await findStanding(remote, name, source, signal);
    if (standing !== undefined) return standing;
    const outcome = await copy(remote, tag, source, signal);
    if (outcome.code === 0) return 'done';
    // Somebody made the tag, or its folder, since we looked.
    const wasOutrun = /E160020|E160024|E170004|E160028|E175002|E155011/.test(outcome.stderr);
    if (wasOutrun && tries < MOST_TRIES) continue;
    const failure = svnFailure(outcome, remote.address, remote.settings.fetchTimeoutMs);
    if (failure.kind === 'refused' || wasOutrun || isForbidden(outcome.stderr)) {
      return new RepositoryError('refused', `The tag ${quote(name)} could not be made: ${failure.message}`, {
        cause: failure,
      });
    }
    throw failure;
  }
}

/** Whoever may read and not write is told so in these words. */
function isForbidden(stderr: string): boolean {
  return /E170001|E175013|read-only|forbidden/i.test(stderr);
}

/** What a tag that is there already means for us; undefined when there is none. */
async function findStanding(
  remote: SvnRemote,
  name: string,
  source: Place,
  signal: AbortSignal,
): Promise<'done' | 'conflict' | undefined> {
  const path = joinPath(remote.layout.tags, name);
  const { infos, outcome } = await askInfo(remote, [target(remote, '', 'HEAD'), target(remote, path, 'HEAD')], signal);
  const [top, standing] = infos;
  const { connectTimeoutMs: timeoutMs } = remote.settings;
  if (top === undefined) throw svnFailure(outcome, remote.address, timeoutMs);
  if (standing === undefined) return undefined;
  const args = ['log', '-v', '-q', '--xml', '--stop-on-copy', target(remote, path, 'HEAD')];
  const log = await runSvn(remote, { args, timeoutMs, signal });
  if (log.code !== 0) throw svnFailure(log, remote.address, timeoutMs);
  const made = findAll(parseSvnXml(log.stdout), 'path').findLast(({ text }) => text === standing.rootPath)?.attributes;
  const isSame = made?.['copyfrom-path'] === source.rootPath && Number(made['copyfrom-rev']) === source.revision;
  return isSame ? 'done' : 'conflict';
}

async function copy(remote: SvnRemote, tag: TagRequest, source: Place, signal: AbortSignal) {
  const message = tag.message.replaceAll('\0', '').trim().slice(0, MESSAGE_MAX_LENGTH) || `Package ${tag.name}`;
  const folders = await missingFolders(remote, signal);
  const args = [
    ['--message', message, '--root-url', remote.address.url],
    folders.flatMap((url) => ['mkdir', url]),
    ['cp', String(source.revision), source.url, urlOf(remote, remote.layout.tags, tag.name)],
  ].flat();
  return await runSvn(remote, { program: 'svnmucc', args, timeoutMs: remote.settings.fetchTimeoutMs, signal });
}

/** The folders that lead to the tags and are not there yet, the outermost first. */
async function missingFolders(remote: SvnRemote, signal: AbortSignal): Promise<readonly string[]> {
  const parts = remote.layout.tags.split('/').filter((part) => part !== '');
  const paths = parts.map((_, at) => parts.slice(0, at + 1).join('/'));
  if (paths.length === 0) return [];
  const { infos } = await askInfo(
    remote,
    paths.map((path) => target(remote, path, 'HEAD')),
    signal,
  );
  return paths.filter((_, at) => infos[at] === undefined).map((path) => urlOf(remote, path));
}

/** What a tag is a copy of; an error when the repository does not have it. @throws RepositoryError `unreachable` */
async function findSource(
  remote: SvnRemote,
  { branch, revisionId }: TagRequest,
  signal: AbortSignal,
): Promise<Place | RepositoryError> {
  try {
    return await locate(remote, branch ?? MAIN_LINE, revisionId, signal);
  } catch (error) {
    if (error instanceof RepositoryError && error.kind === 'unknown-revision') return refused(error);
    throw error;
  }
}

function refused(cause: RepositoryError): RepositoryError {
  return new RepositoryError('refused', cause.message, { cause });
}
