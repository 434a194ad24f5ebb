import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What every svn command of this server is started with. Nothing else of the server's environment reaches a child. */
export interface SvnSettings {
  /** Where `svn`, `svnmucc` and `ssh` are looked for: the child's PATH. */
  readonly path: string;
  /** The child's HOME: ssh finds its keys and known hosts there. */
  readonly home: string;
  /** Stands in for `~/.subversion`. See {@link prepareConfigFolder}. */
  readonly configFolder: string;
  readonly extraEnvironment: Readonly<Record<string, string>>;
  /** How long a remote may take to answer a question. */
  readonly connectTimeoutMs: number;
  /** How long a whole update or tag may take. */
  readonly fetchTimeoutMs: number;
  readonly localTimeoutMs: number;
}

/** The variable by which the children of this folder are found after the server was killed. */
export const SVN_MARK = 'SLIPWAY_SVN_CONFIG';

/** @param sshOptions added to ssh's own, quoted as a shell would want them */
export function svnEnvironment(settings: SvnSettings, sshOptions = ''): Record<string, string> {
  const connectSeconds = Math.max(1, Math.ceil(settings.connectTimeoutMs / 1000));
  const ssh = `ssh -q -oBatchMode=yes -oConnectTimeout=${connectSeconds} -oServerAliveInterval=15`;
  return {
    ...settings.extraEnvironment,
    PATH: settings.path,
    HOME: settings.home,
    // Paths are printed and written in it.
    LANG: 'C.UTF-8',
    LC_ALL: 'C.UTF-8',
    SSH_ASKPASS_REQUIRE: 'never',
    SVN_SSH: `${ssh}${sshOptions} --`,
    [SVN_MARK]: settings.configFolder,
  };
}

const CONFIG = `[auth]
password-stores =
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

/** Writes the configuration that stands in for the user's own, and deletes the keys that a killed server left. */
export function prepareConfigFolder(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  for (const name of readdirSync(folder)) {
    if (name.startsWith('key-')) rmSync(join(folder, name), { recursive: true, force: true });
  }
  writeFileSync(join(folder, 'config'), CONFIG, { mode: 0o600 });
  writeFileSync(join(folder, 'servers'), SERVERS, { mode: 0o600 });
}
