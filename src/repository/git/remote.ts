import { withPrivateFiles } from '../private-files.ts';
import { keyOptions, sshCommand } from '../ssh-command.ts';
import { remoteFailure } from './git-failure.ts';
import type { GitSettings } from './git-settings.ts';
import { originOf, type RemoteAddress } from './remote-address.ts';
import { type GitOutcome, runGit } from './run-git.ts';

/** What a remote said about its branches. */
export interface RemoteRefs {
  /** Branch names and their heads. */
  readonly heads: ReadonlyMap<string, string>;
  /** The branch its HEAD names, where it names one that exists. */
  readonly headBranch: string | undefined;
}

export interface RemoteCommand {
  readonly args: readonly string[];
  readonly gitDir?: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  readonly onStart?: (pid: number) => void;
}

/**
 * Runs a command that talks to a remote. The address stands in `args` without its password. What lets us in lies in
 * private files while the command runs: neither the list of processes nor an environment holds it, and it is bound to the
 * address's origin, so that a host redirected to does not get it.
 */
export async function runRemote(
  settings: GitSettings,
  address: RemoteAddress,
  command: RemoteCommand,
): Promise<GitOutcome> {
  return await withPrivateFiles(settings.privateFolder, privateFilesOf(address), async (paths) => {
    const { options, environment } = describeFiles(settings, address, paths);
    return await runGit(settings, { ...command, args: [...options, ...command.args], environment });
  });
}

/** Nothing but the shell itself reads the file. */
const HELPER =
  '!f() { test "$1" = get && while IFS= read -r line; do printf "%s\\n" "$line"; done < "$SLIPWAY_GIT_CREDENTIALS"; }; f';

/** By name: `credentials`, or `key` with or without `knownHosts`. */
type PrivateFiles = Readonly<Record<string, string>>;

function privateFilesOf({ transport, credentials, sshKey }: RemoteAddress): PrivateFiles {
  if (transport === 'http' && credentials !== undefined) {
    return { credentials: `username=${credentials.username}\npassword=${credentials.password}\n` };
  }
  if (transport !== 'ssh' || sshKey === undefined) return {};
  const { privateKey: key, knownHosts } = sshKey;
  return knownHosts === undefined ? { key } : { key, knownHosts };
}

function describeFiles(settings: GitSettings, address: RemoteAddress, paths: PrivateFiles) {
  const { credentials, key, knownHosts } = paths;
  if (credentials !== undefined) {
    return {
      options: ['-c', `credential.${originOf(address)}.helper=${HELPER}`],
      environment: { SLIPWAY_GIT_CREDENTIALS: credentials },
    };
  }
  if (key === undefined) return { options: [], environment: {} };
  return {
    options: [],
    environment: { GIT_SSH_COMMAND: sshCommand(settings.connectTimeoutMs, keyOptions(key, knownHosts)) },
  };
}

/**
 * Asks a remote for its branches.
 *
 * @throws RepositoryError `unreachable`, `bad-address`
 */
export async function listRemoteRefs(
  settings: GitSettings,
  address: RemoteAddress,
  signal: AbortSignal,
): Promise<RemoteRefs> {
  const timeoutMs = settings.connectTimeoutMs;
  const args = ['ls-remote', '--symref', '--', address.url, 'HEAD', 'refs/heads/*'];
  const outcome = await runRemote(settings, address, { args, timeoutMs, signal });
  if (outcome.code !== 0) throw remoteFailure(outcome, address, timeoutMs);
  return parseRemoteRefs(outcome.stdout);
}

/** Reads `git ls-remote --symref`: `ref: <branch>\tHEAD` and `<id>\t<ref>`. */
export function parseRemoteRefs(text: string): RemoteRefs {
  const heads = new Map<string, string>();
  let headBranch: string | undefined;
  for (const line of text.split('\n')) {
    const [value = '', ref = ''] = line.split('\t');
    if (ref === 'HEAD' && value.startsWith('ref: refs/heads/')) headBranch = value.slice('ref: refs/heads/'.length);
    else if (ref.startsWith('refs/heads/')) heads.set(ref.slice('refs/heads/'.length), value);
  }
  return { heads, headBranch };
}

/**
 * Asks a remote where tags stand.
 *
 * @returns for each tag that is there, the commit it leads to
 * @throws RepositoryError `unreachable`
 */
export async function findRemoteTags(
  settings: GitSettings,
  address: RemoteAddress,
  names: readonly string[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, string>> {
  if (names.length === 0) return new Map();
  const timeoutMs = settings.connectTimeoutMs;
  const patterns = names.flatMap((name) => [`refs/tags/${name}`, `refs/tags/${name}^{}`]);
  const args = ['ls-remote', '--tags', '--', address.url, ...patterns];
  const outcome = await runRemote(settings, address, { args, timeoutMs, signal });
  if (outcome.code !== 0) throw remoteFailure(outcome, address, timeoutMs);
  const found = new Map<string, string>();
  for (const line of outcome.stdout.split('\n')) {
    const [id = '', ref = ''] = line.split('\t');
    // A tag object comes first; the commit it leads to follows it as `^{}`.
    found.set(ref.slice('refs/tags/'.length).replace(/\^\{\}$/, ''), id);
  }
  return found;
}
