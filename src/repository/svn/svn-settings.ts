import { sshCommand } from '../ssh-command.ts';
import type { SvnAddress } from './svn-address.ts';
import { proxyLines } from './svn-proxy.ts';

/** What every svn command of this server is started with. Nothing else of the server's environment reaches a child. */
export interface SvnSettings {
  /** Where `svn`, `svnmucc` and `ssh` are looked for: the child's PATH. */
  readonly path: string;
  /** The child's HOME: ssh finds its keys and known hosts there. */
  readonly home: string;
  /** Where the configuration of a command is kept while it runs, with what lets us in. */
  readonly privateFolder: string;
  readonly extraEnvironment: Readonly<Record<string, string>>;
  /** One certificate (PEM) each, of who vouches for servers besides those that the machine trusts. */
  readonly authorityFiles: readonly string[];
  /** How long a remote may take to answer a question. */
  readonly connectTimeoutMs: number;
  /** How long a whole update or tag may take. */
  readonly fetchTimeoutMs: number;
  readonly localTimeoutMs: number;
}

/** The variable by which the children of this folder are found after the server was killed. */
export const SVN_MARK = 'SLIPWAY_SVN_FOLDER';

/** @param sshOptions of the app's own key, each as one word of a shell */
export function svnEnvironment(settings: SvnSettings, sshOptions: readonly string[]): Record<string, string> {
  return {
    ...settings.extraEnvironment,
    PATH: settings.path,
    HOME: settings.home,
    // Paths are printed and written in it, and messages are read.
    LANG: 'C.UTF-8',
    LC_ALL: 'C.UTF-8',
    SSH_ASKPASS_REQUIRE: 'never',
    SVN_SSH: sshCommand(settings.connectTimeoutMs, ['-oLogLevel=ERROR', ...sshOptions, '--']),
    [SVN_MARK]: settings.privateFolder,
  };
}

const CONFIG = `[auth]
password-stores =
store-auth-creds = no
[miscellany]
enable-auto-props = no
use-commit-times = no
global-ignores =
[working-copy]
exclusive-locking-clients = svn
`;

const SERVERS = `[global]
store-passwords = no
store-ssl-client-cert-pp = no
http-timeout = 60
`;

/** The configuration that stands in for the user's own, by the names of its files. */
export function svnConfiguration(settings: SvnSettings, address: SvnAddress): Readonly<Record<string, string>> {
  const { authorityFiles, extraEnvironment } = settings;
  const authorities = authorityFiles.length === 0 ? [] : [`ssl-authority-files = ${authorityFiles.join(';')}`];
  const lines = [...authorities, ...proxyLines(extraEnvironment, address)];
  return { config: CONFIG, servers: [SERVERS, ...lines.map((line) => `${line}\n`)].join('') };
}
