import { notStarted } from '../not-started.ts';
import { withPrivateFiles } from '../private-files.ts';
import { type RemoteCredentials, TOKEN_USERNAME } from '../remote-credentials.ts';
import { type ProgramOutcome, runProgram } from '../run-program.ts';
import { keyOptions, shellWord } from '../ssh-command.ts';
import { encodePath, type SvnAddress } from './svn-address.ts';
import { isLoginWanted, movedFailure } from './svn-failure.ts';
import { joinPath, type SvnLayout } from './svn-layout.ts';
import { findRealm, isRealmOf, type Login, loginFile, type Realm } from './svn-realm.ts';
import { type SvnSettings, svnConfiguration, svnEnvironment } from './svn-settings.ts';

/** A repository as its app describes it. */
export interface SvnRemote {
  readonly settings: SvnSettings;
  readonly address: SvnAddress;
  readonly layout: SvnLayout;
  /** Those of the app; those of the address hold where there are none. */
  readonly credentials: RemoteCredentials | undefined;
  readonly allowForeignRevisions: boolean;
  /** For what its server has asked a password so far: {@link runSvn} adds to it. */
  readonly realms: Set<Realm>;
}

export interface SvnRun {
  readonly program?: 'svn' | 'svnmucc';
  /** The subcommand first. Whatever comes from outside in them is a URL or an absolute path, and no option. */
  readonly args: readonly string[];
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** Whether the repository's own server gets what it asks for. */
  readonly withCredentials?: boolean;
  /** Takes standard output as it comes; then `stdout` of the outcome is empty. */
  readonly onOutput?: (chunk: Buffer) => void;
}

/**
 * Runs one svn command to its end. What lets us in lies in private files for as long as the command runs: a key for ssh,
 * and a password bound to its realm, for svn would give one that is an option or comes from standard input to whatever
 * host it is led to. A realm is learned from a command that was refused, which is then run again.
 *
 * @returns the outcome, whatever the exit code; the reason of `signal` is thrown when it fires
 * @throws RepositoryError `unreachable` when another server than the repository's asks for a password
 */
export async function runSvn(remote: SvnRemote, run: SvnRun): Promise<ProgramOutcome> {
  const login = run.withCredentials === false ? undefined : loginOf(remote);
  const outcome = await runOnce(remote, run, login, '--non-interactive');
  if (login === undefined || !isLoginWanted(outcome)) return outcome;
  // Without a terminal and with nothing to read, it says for what it asks, and gives up.
  const asked = await runOnce(remote, run, undefined, '--force-interactive');
  const realm = findRealm(asked.stderr);
  if (realm === undefined || remote.realms.has(realm)) return outcome;
  if (!isRealmOf(realm, remote.address)) throw movedFailure(remote.address);
  remote.realms.add(realm);
  return await runSvn(remote, run);
}

async function runOnce(
  remote: SvnRemote,
  run: SvnRun,
  login: Login | undefined,
  manner: '--non-interactive' | '--force-interactive',
): Promise<ProgramOutcome> {
  const { settings, address, realms } = remote;
  const program = run.program ?? 'svn';
  const logins = login === undefined ? [] : [...realms].map((realm) => loginFile(realm, login));
  const keys = run.withCredentials === false ? {} : keysOf(remote);
  const files = {
    ...svnConfiguration(settings, address),
    ...Object.fromEntries(logins),
    ...sshConfigOf(address),
    ...keys,
  };
  return await withPrivateFiles(settings.privateFolder, files, async ({ key, knownHosts, sshConfig }, folder) =>
    runProgram({
      program,
      args: [...run.args, manner, '--no-auth-cache', '--config-dir', folder],
      folder: '/',
      environment: svnEnvironment(settings, [
        ...(sshConfig === undefined ? [] : [shellWord(`-F${sshConfig}`)]),
        ...(key === undefined ? [] : keyOptions(key, knownHosts)),
      ]),
      timeoutMs: run.timeoutMs,
      signal: run.signal,
      onOutput: run.onOutput,
      notStarted: (cause) => notStarted(program, 'subversion', cause),
    }),
  );
}

/**
 * Names a folder at a revision. There is always a `@`, so that one in the path is not taken for it.
 *
 * @param path below the address
 */
export function target(remote: SvnRemote, path: string, revision: string | number): string {
  return `${urlOf(remote, path)}@${revision}`;
}

export function urlOf({ address }: SvnRemote, ...path: readonly string[]): string {
  const below = joinPath(...path);
  return below === '' ? address.url : `${address.url}/${encodePath(below)}`;
}

function loginOf({ address, credentials }: SvnRemote): Login | undefined {
  if (address.transport === 'file' || address.transport === 'ssh') return undefined;
  if (credentials?.kind === 'password') return credentials;
  if (credentials?.kind === 'token') {
    return {
      username: credentials.username ?? (address.credentials?.username || TOKEN_USERNAME),
      password: credentials.token,
    };
  }
  return address.credentials;
}

/** Svn takes the port of an address for a part of the host's name: told to ssh, that name leads to the host. */
function sshConfigOf({ transport, url }: SvnAddress): Readonly<Record<string, string>> {
  const { host = '', hostname = '', port = '' } = URL.parse(url) ?? {};
  if (transport !== 'ssh' || port === '') return {};
  const others = ['~/.ssh/config', '/etc/ssh/ssh_config'].map((file) => `Include ${file}`);
  const bare = hostname.replace(/^\[|\]$/g, '');
  return { sshConfig: [`Host ${host}`, `HostName ${bare}`, `Port ${port}`, 'Host *', ...others, ''].join('\n') };
}

/** Files for ssh, by name: `key`, with or without `knownHosts`. */
function keysOf({ address, credentials }: SvnRemote): Readonly<Record<string, string>> {
  if (credentials?.kind !== 'ssh-key' || address.transport !== 'ssh') return {};
  const { privateKey: key, knownHosts } = credentials;
  return knownHosts === undefined ? { key } : { key, knownHosts };
}
