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
 * Runs a command that talks to a remote. The address stands in `args` without its password, which goes to git by a
 * credential helper bound to the address's origin: neither the list of processes nor a host redirected to sees it.
 */
export async function runRemote(
  settings: GitSettings,
  address: RemoteAddress,
  command: RemoteCommand,
): Promise<GitOutcome> {
  const { args, options, environment } = withCredentials(address, command.args);
  return await runGit(settings, { ...command, args: [...options, ...args], environment });
}

const HELPER =
  '!f() { test "$1" = get && printf "username=%s\\npassword=%s\\n" "$SLIPWAY_GIT_USERNAME" "$SLIPWAY_GIT_PASSWORD"; }; f';

function withCredentials(address: RemoteAddress, args: readonly string[]) {
  const origin = originOf(address);
  if (address.credentials === undefined || origin === undefined) return { args, options: [], environment: {} };
  return {
    args,
    options: ['-c', `credential.${origin}.helper=${HELPER}`],
    environment: {
      SLIPWAY_GIT_USERNAME: address.credentials.username,
      SLIPWAY_GIT_PASSWORD: address.credentials.password,
    },
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
