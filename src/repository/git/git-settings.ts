import { sshCommand } from '../ssh-command.ts';

/** What every git command of this server is started with. Nothing else of the server's environment reaches a child. */
export interface GitSettings {
  /** Where `git`, `git-lfs` and `ssh` are looked for: the child's PATH. */
  readonly path: string;
  /** The child's HOME: ssh finds its keys and known hosts there, curl a `.netrc`. */
  readonly home: string;
  /** The configuration file that stands in for the user's own, kept beside the mirrors. */
  readonly globalConfig: string;
  /** Where files that hold credentials are kept while a command needs them. */
  readonly privateFolder: string;
  /** More variables for children, for instance `https_proxy` or `SSH_AUTH_SOCK`. */
  readonly extraEnvironment: Readonly<Record<string, string>>;
  /** How long a remote may take to list its branches. */
  readonly connectTimeoutMs: number;
  /** How long a whole fetch or push may take. */
  readonly fetchTimeoutMs: number;
  /** How long a local command, or `cat-file` without a byte, may take. */
  readonly localTimeoutMs: number;
}

/** Variables that hold whatever the settings say: no prompts, no system or user configuration, known transports only. */
export function gitEnvironment(settings: GitSettings): Record<string, string> {
  return {
    ...settings.extraEnvironment,
    PATH: settings.path,
    HOME: settings.home,
    LANG: 'C.UTF-8',
    LC_ALL: 'C.UTF-8',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: settings.globalConfig,
    GIT_ATTR_NOSYSTEM: '1',
    GIT_TERMINAL_PROMPT: '0',
    SSH_ASKPASS_REQUIRE: 'never',
    GIT_ALLOW_PROTOCOL: 'file:git:http:https:ssh',
    GIT_SSH_COMMAND: sshCommand(settings.connectTimeoutMs),
    GIT_SSH_VARIANT: 'ssh',
    GIT_NO_LAZY_FETCH: '1',
    GIT_OPTIONAL_LOCKS: '0',
  };
}

/**
 * Options before the command's name. They bind our side alone: unlike the global configuration they do not reach the
 * `upload-pack` or `receive-pack` that a file address starts, whose hooks are the remote's own business.
 *
 * - `fetch.unpackLimit`: packs are fsynced before a ref names them, loose objects are not
 * - `gc.auto`: nothing is ever pruned; see `maintain-mirror.ts`
 * - `fsckObjects` stays off: old histories with harmless faults must build, and names and modes are checked on reading
 */
export const GIT_OPTIONS: readonly string[] = [
  ['core.hooksPath', '/dev/null'],
  ['core.askPass', ''],
  ['core.fsmonitor', 'false'],
  ['protocol.ext.allow', 'never'],
  ['gc.auto', '0'],
  ['maintenance.auto', 'false'],
  ['fetch.unpackLimit', '1'],
  ['fetch.fsckObjects', 'false'],
  ['fetch.recurseSubmodules', 'false'],
  ['push.gpgSign', 'false'],
  ['http.lowSpeedLimit', '1'],
  ['http.lowSpeedTime', '60'],
  ['advice.objectNameWarning', 'false'],
].flatMap(([key, value]) => ['-c', `${key}=${value}`]);
