import { access, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { quote } from '../../domain/refusal.ts';
import { RepositoryError } from '../repository.ts';
import type { ProgramOutcome } from '../run-program.ts';
import { type Place, unknownRevision } from './resolve-svn-revision.ts';
import { runSvn, type SvnRemote } from './run-svn.ts';
import { findExternals, listExternalSources } from './svn-externals.ts';
import { svnFailure } from './svn-failure.ts';

/**
 * Makes a working copy what its source is at a revision, and nothing but that. Costs what is different from what it was.
 * It is marked from before the first change until {@link markClean}; whoever finds the mark puts it in order first, so
 * that it may be killed at any moment.
 *
 * @param folder holds `wc`, and `dirty` beside it while something changes it
 * @returns whether something in it comes from elsewhere (`svn:externals`)
 * @throws RepositoryError `unknown-revision`, `unreachable`, `no-space`, `unreadable`
 */
export async function updateWorkingCopy(
  remote: SvnRemote,
  folder: string,
  place: Place,
  signal: AbortSignal,
): Promise<Pick<Brought, 'hasExternals'>> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await tidy(remote, folder, signal);
  const first = await bring(remote, folder, place, signal);
  if (first.outcome.code === 0) return first;
  if (!isLocal(first.outcome)) throw failureOf(remote, place, first.outcome);
  await rm(join(folder, 'wc'), { recursive: true, force: true });
  const second = await bring(remote, folder, place, signal);
  if (second.outcome.code !== 0) throw failureOf(remote, place, second.outcome);
  return second;
}

interface Brought {
  readonly outcome: ProgramOutcome;
  readonly hasExternals: boolean;
}

/** First what is the repository's own; then, once it has been looked at, what that takes from elsewhere. */
async function bring(remote: SvnRemote, folder: string, place: Place, signal: AbortSignal): Promise<Brought> {
  const path = join(folder, 'wc');
  await writeFile(join(folder, 'dirty'), 'own', { mode: 0o600 });
  const own = await update(remote, path, place, { externals: false, withCredentials: true }, signal);
  if (own.code !== 0) return { outcome: own, hasExternals: false };
  const externals = await findExternals(remote, path, signal);
  if (externals.length === 0) return { outcome: own, hasExternals: false };
  checkExternals(remote, externals);
  await writeFile(join(folder, 'dirty'), 'externals', { mode: 0o600 });
  // Externals may have externals, which svn fetches before anybody has looked at them: no host is told a password.
  const outcome = await update(remote, path, place, { externals: true, withCredentials: false }, signal);
  if (outcome.code === 0) checkExternals(remote, await listExternalSources(remote, path, signal));
  return { outcome, hasExternals: true };
}

/** Says that nothing changes the working copy any more. */
export async function markClean(folder: string): Promise<void> {
  await rm(join(folder, 'dirty'), { force: true });
}

async function update(
  remote: SvnRemote,
  path: string,
  { url, revision }: Place,
  { externals, withCredentials }: { readonly externals: boolean; readonly withCredentials: boolean },
  signal: AbortSignal,
): Promise<ProgramOutcome> {
  const options = ['--quiet', '--revision', String(revision), ...(externals ? [] : ['--ignore-externals'])];
  const isNew = !(await isThere(join(path, '.svn')));
  const args = isNew ? ['checkout', ...options, `${url}@${revision}`, path] : ['update', ...options, `${path}@`];
  return await runSvn(remote, { args, timeoutMs: remote.settings.fetchTimeoutMs, signal, withCredentials });
}

/** Takes away what a command that was killed left: locks, half-done changes, files that nobody knows. */
async function tidy(remote: SvnRemote, folder: string, signal: AbortSignal): Promise<void> {
  const path = join(folder, 'wc');
  const mark = await readFile(join(folder, 'dirty'), 'utf8').catch(() => undefined);
  if (mark === undefined) return;
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
}

/** Whether the working copy is what is wrong: then another is made. */
function isLocal({ code, stderr }: ProgramOutcome): boolean {
  return code !== 0 && /E155\d\d\d|E200030|E200031|E195012|E160005|replace a directory/i.test(stderr);
}

function failureOf(remote: SvnRemote, place: Place, outcome: ProgramOutcome): RepositoryError {
  const cause = svnFailure(outcome, remote.address, remote.settings.fetchTimeoutMs);
  if (/E205011|external/i.test(outcome.stderr)) {
    const message = `What svn:externals name cannot be fetched: ${cause.message}`;
    return new RepositoryError('unreadable', message, { cause });
  }
  return /E160006|E170000|E160005/.test(outcome.stderr) ? unknownRevision(String(place.revision)) : cause;
}

/** A repository from the network never names one on this machine, nor a program that svn would start. */
function checkExternals(remote: SvnRemote, externals: readonly { readonly url: string }[]): void {
  for (const { url } of externals) {
    const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(url)?.[1]?.toLowerCase();
    const isAllowed = scheme === undefined || ['svn', 'http', 'https', 'svn+ssh'].includes(scheme);
    if (isAllowed || (scheme === 'file' && remote.address.transport === 'file')) continue;
    const message = `The external ${quote(url)} cannot be used: a repository from the network cannot include one from this machine.`;
    throw new RepositoryError('unreadable', message);
  }
}

async function isThere(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  );
}
