import { stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { RepositoryKind } from '../protocol/manage.ts';
import { isGitLoginWanted } from './git/git-failure.ts';
import type { GitSettings } from './git/git-settings.ts';
import { runRemote } from './git/remote.ts';
import { parseRemoteAddress, withCredentials } from './git/remote-address.ts';
import type { RemoteCredentials } from './remote-credentials.ts';
import { target } from './svn/run-svn.ts';
import { parseSvnAddress } from './svn/svn-address.ts';
import { isLoginWanted } from './svn/svn-failure.ts';
import { probeInfo } from './svn/svn-info.ts';
import { svnRemoteOf } from './svn/svn-repository.ts';
import type { SvnSettings } from './svn/svn-settings.ts';

/** A repository of which nobody knows the kind. */
export interface UnknownRepository {
  readonly address: string;
  readonly credentials?: RemoteCredentials | undefined;
}

/** What repositories are asked with. */
export interface AskingSettings {
  readonly git: GitSettings;
  readonly svn: SvnSettings;
}

/**
 * Finds out of which kind a repository is: by its scheme, by what its folder holds, and over http(s) by asking, as Git and
 * as Subversion. Git where nothing tells, since an app may be created before its repository can be reached.
 *
 * @param signal ends the asking, and nothing else
 * @returns `hidden` where its server does not let us in, and does not say what it holds
 */
export async function findRepositoryKind(
  repository: UnknownRepository,
  settings: AskingSettings,
  signal: AbortSignal,
): Promise<RepositoryKind | 'hidden'> {
  const text = repository.address.trim();
  if (/^svn(?:\+ssh)?:\/\//i.test(text)) return 'svn';
  const path = localPath(text);
  if (path !== undefined) return (await isInSvnRepository(path)) ? 'svn' : 'git';
  if (!/^https?:\/\//i.test(text) || /\.git\/*$/i.test(text)) return 'git';
  const [svn, git] = await Promise.all(
    [askSvn(repository, settings.svn, signal), askGit(repository, settings.git, signal)].map((asking) =>
      asking.catch((): Answer => 'no'),
    ),
  );
  if (svn === 'yes' || git === 'yes') return svn === 'yes' ? 'svn' : 'git';
  if (svn === 'who?') return git === 'who?' ? 'hidden' : 'svn';
  return 'git';
}

type Answer = 'yes' | 'no' | 'who?';

async function askSvn({ address, credentials }: UnknownRepository, settings: SvnSettings, signal: AbortSignal) {
  const remote = svnRemoteOf({ settings, address: parseSvnAddress(address), credentials });
  const { infos, outcome } = await probeInfo(remote, [target(remote, '', 'HEAD')], signal);
  return answerOf(infos[0] !== undefined, isLoginWanted(outcome));
}

async function askGit({ address, credentials }: UnknownRepository, settings: GitSettings, signal: AbortSignal) {
  const remote = withCredentials(parseRemoteAddress(address), credentials);
  const args = ['ls-remote', '--', remote.url, 'HEAD'];
  const outcome = await runRemote(settings, remote, { args, timeoutMs: settings.connectTimeoutMs, signal });
  return answerOf(outcome.code === 0, isGitLoginWanted(outcome));
}

function answerOf(isOne: boolean, asksWho: boolean): Answer {
  if (isOne) return 'yes';
  return asksWho ? 'who?' : 'no';
}

function localPath(text: string): string | undefined {
  if (text.startsWith('/')) return text;
  if (!/^file:\/\//i.test(text)) return undefined;
  try {
    return fileURLToPath(text);
  } catch {
    return undefined;
  }
}

/** An address may name a folder inside a repository, which is no folder of this machine. */
async function isInSvnRepository(path: string): Promise<boolean> {
  const signs = ['format', 'db/format', 'conf'].map((name) => stat(join(path, name)));
  const isOne = (await Promise.allSettled(signs)).every(({ status }) => status === 'fulfilled');
  const parent = dirname(path);
  return isOne || (parent !== path && (await isInSvnRepository(parent)));
}
