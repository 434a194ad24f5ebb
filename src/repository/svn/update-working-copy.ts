import { access, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { RepositoryError } from '../repository.ts';
import type { ProgramOutcome } from '../run-program.ts';
import { fetchExternals } from './fetch-externals.ts';
import { type Place, unknownRevision } from './resolve-svn-revision.ts';
import { runSvn, type SvnRemote } from './run-svn.ts';
import { isLoginWanted, movedFailure, svnFailure } from './svn-failure.ts';
import { type CopyProperties, readProperties, updateProperties } from './svn-properties.ts';
import { type Changes, readUpdateOutput } from './update-output.ts';

/** What became of a working copy. */
export interface Updated {
  readonly properties: CopyProperties;
  /** All that may be different from before; undefined where that is not known. */
  readonly changes: Changes | undefined;
}

/**
 * Makes a working copy what its source is at a revision, and nothing but that. Costs what is different from what it was.
 * It is marked from before the first change until {@link markClean}; whoever finds the mark puts it in order first, so
 * that it may be killed at any moment.
 *
 * @param folder holds `wc`, and `dirty` beside it while something changes it
 * @param before its properties as they were when it was clean; undefined where they are not known
 * @throws RepositoryError `unknown-revision`, `unreachable`, `no-space`, `unreadable`
 */
export async function updateWorkingCopy(
  remote: SvnRemote,
  folder: string,
  place: Place,
  before: CopyProperties | undefined,
  signal: AbortSignal,
): Promise<Updated> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const isClean = await tidy(remote, folder, signal);
  const first = await bring(remote, folder, place, isClean ? before : undefined, signal);
  if (first.outcome.code === 0) return first;
  if (!isLocal(first.outcome)) throw failureOf(remote, place, first);
  await rm(join(folder, 'wc'), { recursive: true, force: true });
  const second = await bring(remote, folder, place, undefined, signal);
  if (second.outcome.code !== 0) throw failureOf(remote, place, second);
  return second;
}

interface Brought extends Updated {
  readonly outcome: ProgramOutcome;
  /** What it was of that came last. */
  readonly part: 'own' | 'externals';
}

/** First what is the repository's own; then, once it has been looked at, what that takes from elsewhere. */
async function bring(
  remote: SvnRemote,
  folder: string,
  place: Place,
  before: CopyProperties | undefined,
  signal: AbortSignal,
): Promise<Brought> {
  const path = join(folder, 'wc');
  await writeFile(join(folder, 'dirty'), 'own', { mode: 0o600 });
  const isNew = !(await isThere(join(path, '.svn')));
  const { outcome, changes } = await update(remote, path, place, { isNew, externals: false }, signal);
  if (outcome.code !== 0) return { outcome, part: 'own', properties: NONE, changes: undefined };
  const isKnown = !isNew && changes.isWhole && before !== undefined && before.externals.length === 0;
  const properties = isKnown
    ? await updateProperties(remote, path, before, changes, signal)
    : await readProperties(remote, path, signal);
  const hadExternals = before !== undefined && before.externals.length > 0;
  if (properties.externals.length === 0 && !hadExternals) {
    return { outcome, part: 'own', properties, changes: isKnown ? changes : undefined };
  }
  await writeFile(join(folder, 'dirty'), 'externals', { mode: 0o600 });
  const fetched = await fetchExternals(
    remote,
    path,
    place,
    properties.externals,
    (withCredentials) => update(remote, path, place, { isNew: false, externals: true, withCredentials }, signal),
    signal,
  );
  return { outcome: fetched, part: 'externals', properties, changes: undefined };
}

const NONE: CopyProperties = { externals: [], withKeywords: [] };

/** Says that nothing changes the working copy any more. */
export async function markClean(folder: string): Promise<void> {
  await rm(join(folder, 'dirty'), { force: true });
}

interface UpdateOptions {
  readonly isNew: boolean;
  readonly externals: boolean;
  readonly withCredentials?: boolean;
}

/** @throws RepositoryError `unreachable` when svn was led elsewhere */
async function update(
  remote: SvnRemote,
  path: string,
  { url, revision }: Place,
  { isNew, externals, withCredentials = true }: UpdateOptions,
  signal: AbortSignal,
): Promise<{ readonly outcome: ProgramOutcome; readonly changes: Changes }> {
  const options = ['--revision', String(revision), ...(externals ? [] : ['--ignore-externals'])];
  const args = isNew ? ['checkout', ...options, `${url}@${revision}`, path] : ['update', ...options, `${path}@`];
  const { add: onOutput, end } = readUpdateOutput(path);
  const { fetchTimeoutMs: timeoutMs } = remote.settings;
  const outcome = await runSvn(remote, { args, timeoutMs, signal, withCredentials, onOutput });
  const changes = end();
  if (!changes.isMoved) return { outcome, changes };
  await rm(path, { recursive: true, force: true });
  throw movedFailure(remote.address);
}

/**
 * Takes away what a command that was killed left: locks, half-done changes, files that nobody knows.
 *
 * @returns whether there was nothing to take away
 */
async function tidy(remote: SvnRemote, folder: string, signal: AbortSignal): Promise<boolean> {
  const path = join(folder, 'wc');
  const mark = await readFile(join(folder, 'dirty'), 'utf8').catch(() => undefined);
  if (mark === undefined) return true;
  const { localTimeoutMs: timeoutMs } = remote.settings;
  const commands = [
    ['cleanup', `${path}@`],
    ['revert', '--quiet', '--recursive', `${path}@`],
    ['cleanup', '--remove-unversioned', '--remove-ignored', `${path}@`],
  ];
  // What comes from elsewhere has working copies of its own, which these commands leave alone.
  let isSound = mark === 'own';
  for (const args of commands) {
    isSound &&= (await runSvn(remote, { args, timeoutMs, signal, withCredentials: false })).code === 0;
  }
  if (!isSound) await rm(path, { recursive: true, force: true });
  return false;
}

/** Whether the working copy is what is wrong: then another is made. */
function isLocal({ code, stderr }: ProgramOutcome): boolean {
  return code !== 0 && /E155\d\d\d|E200030|E200031|E195012|E160005|replace a directory/i.test(stderr);
}

function failureOf(remote: SvnRemote, place: Place, { outcome, part }: Brought): RepositoryError {
  const cause = svnFailure(outcome, remote.address, remote.settings.fetchTimeoutMs);
  if (part === 'externals') {
    const why = isLoginWanted(outcome) ? 'the credentials of the app are for its own repository alone.' : cause.message;
    return new RepositoryError('unreadable', `What svn:externals name cannot be fetched: ${why}`, { cause });
  }
  return /E160006|E170000|E160005/.test(outcome.stderr) ? unknownRevision(String(place.revision)) : cause;
}

async function isThere(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  );
}
