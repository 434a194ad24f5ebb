import { randomUUID } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { notStarted } from '../not-started.ts';
import { type RemoteCredentials, TOKEN_USERNAME } from '../remote-credentials.ts';
import { type ProgramOutcome, runProgram } from '../run-program.ts';
import { encodePath, type SvnAddress } from './svn-address.ts';
import { joinPath, type SvnLayout } from './svn-layout.ts';
import { type SvnSettings, svnEnvironment } from './svn-settings.ts';

/** A repository as its app describes it. */
export interface SvnRemote {
  readonly settings: SvnSettings;
  readonly address: SvnAddress;
  readonly layout: SvnLayout;
  /** Those of the app; those of the address hold where there are none. */
  readonly credentials: RemoteCredentials | undefined;
  readonly allowForeignRevisions: boolean;
}

export interface SvnRun {
  readonly program?: 'svn' | 'svnmucc';
  /** The subcommand first. Whatever comes from outside in them is a URL or an absolute path, and no option. */
  readonly args: readonly string[];
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** Whether hosts that ask for a password get it. */
  readonly withCredentials?: boolean;
}

/**
 * Runs one svn command to its end. A password goes through standard input, a key through a file that is there for as
 * long as the command.
 *
 * @returns the outcome, whatever the exit code; the reason of `signal` is thrown when it fires
 */
export async function runSvn(remote: SvnRemote, run: SvnRun): Promise<ProgramOutcome> {
  const { settings } = remote;
  const login = run.withCredentials === false ? undefined : loginOf(remote);
  const key = run.withCredentials === false ? undefined : await writeKey(remote);
  const program = run.program ?? 'svn';
  const options = ['--non-interactive', '--no-auth-cache', '--config-dir', settings.configFolder];
  const asking = login === undefined ? [] : ['--username', login.username, '--password-from-stdin'];
  try {
    return await runProgram({
      program,
      args: [...run.args, ...options, ...asking],
      folder: '/',
      environment: svnEnvironment(settings, key?.sshOptions),
      input: login === undefined ? undefined : `${login.password}\n`,
      timeoutMs: run.timeoutMs,
      signal: run.signal,
      notStarted: (cause) => notStarted(program, 'subversion', cause),
    });
  } finally {
    await key?.remove();
  }
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

interface Login {
  readonly username: string;
  readonly password: string;
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

interface WrittenKey {
  readonly sshOptions: string;
  remove(): Promise<void>;
}

async function writeKey({ settings, address, credentials }: SvnRemote): Promise<WrittenKey | undefined> {
  if (credentials?.kind !== 'ssh-key' || address.transport !== 'ssh') return undefined;
  const folder = join(settings.configFolder, `key-${randomUUID()}`);
  await mkdir(folder, { mode: 0o700 });
  const write = async (name: string, text: string) => {
    const path = join(folder, name);
    await writeFile(path, text.endsWith('\n') ? text : `${text}\n`, { mode: 0o600 });
    return path.replace(/(["\\ ])/g, '\\$1');
  };
  const { privateKey, knownHosts } = credentials;
  const key = await write('key', privateKey);
  const hosts = knownHosts === undefined ? '' : ` -oUserKnownHostsFile=${await write('known_hosts', knownHosts)}`;
  return {
    sshOptions: ` -oIdentitiesOnly=yes -i ${key}${hosts}`,
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}
