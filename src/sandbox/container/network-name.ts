/** What engines take for a way to connect that is no network of its own, or for one that nobody has filtered. */
const MODES = new Set(['bridge', 'default', 'host', 'none', 'nat', 'pasta', 'podman', 'private', 'slirp4netns']);

/** Whether a text names a network that somebody has made, and cannot be anything else that an engine would understand. */
export function isNetworkName(text: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$/.test(text) && !MODES.has(text);
}
