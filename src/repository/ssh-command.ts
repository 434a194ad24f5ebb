/**
 * How ssh is called, by git and by svn alike.
 *
 * @param options more of them, each as one word of a shell
 */
export function sshCommand(connectTimeoutMs: number, options: readonly string[] = []): string {
  const connectSeconds = Math.max(1, Math.ceil(connectTimeoutMs / 1000));
  const always = ['-oBatchMode=yes', `-oConnectTimeout=${connectSeconds}`, '-oServerAliveInterval=15'];
  return ['ssh', ...always, ...options].join(' ');
}

/**
 * The key of the app and no other, and no host but one whose key is known.
 *
 * @param key the path of its file
 * @param knownHosts likewise; undefined for those of the user that the server runs as
 */
export function keyOptions(key: string, knownHosts: string | undefined): readonly string[] {
  const hosts =
    knownHosts === undefined
      ? []
      : [sshOption('UserKnownHostsFile', knownHosts), sshOption('GlobalKnownHostsFile', '/dev/null')];
  return [
    '-oIdentitiesOnly=yes',
    '-oIdentityAgent=none',
    // A connection that is kept open would let others in by this key.
    '-oControlPath=none',
    sshOption('IdentityFile', key),
    '-oStrictHostKeyChecking=yes',
    ...hosts,
  ];
}

/** A path as ssh reads it, where `%` begins a token and blanks part words. */
function sshOption(name: string, path: string): string {
  return shellWord(`-o${name}="${path.replaceAll('%', '%%').replaceAll('"', '\\"')}"`);
}

/** In double quotes, which a shell and svn read alike: svn has no way to write a `'` in single ones. */
export function shellWord(text: string): string {
  return `"${text.replace(/[\\"$`]/g, '\\$&')}"`;
}
