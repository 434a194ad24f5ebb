import { hideCredentials } from '../../domain/credentials-in-text.ts';
import { quote } from '../../domain/refusal.ts';
import { type RemoteCredentials, TOKEN_USERNAME } from '../remote-credentials.ts';
import { RepositoryError } from '../repository.ts';

/** Where a repository is fetched from, read from what an administrator or a `.gitmodules` file wrote. */
export interface RemoteAddress {
  readonly transport: 'file' | 'ssh' | 'http' | 'git';
  /** What git is given: never holds a password. */
  readonly url: string;
  /** Fit for messages: the same without any user or password. */
  readonly shown: string;
  readonly credentials: { readonly username: string; readonly password: string } | undefined;
  /** For ssh: the key to use, and no other. */
  readonly sshKey?: SshKey | undefined;
}

export type SshKey = Omit<Extract<RemoteCredentials, { readonly kind: 'ssh-key' }>, 'kind'>;

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused
const CONTROL = /[\u0000-\u001f\u007f]/;
const HELPER = /^[A-Za-z0-9+.-]*::/;
const SCHEME = /^([A-Za-z][A-Za-z0-9+.-]*):\/\//;
/** `user@host:path`, as git reads it: a colon before any slash. */
const SCP = /^(?:([^@/:]+)@)?(\[[^\]/]+\]|[^@/:[\]]+):(.+)$/;

/**
 * Reads the address of a Git repository: an absolute path, `file://`, `ssh://`, `user@host:path`, `http(s)://` or
 * `git://`.
 *
 * @throws RepositoryError `bad-address` for everything else, option-like text and remote helpers included
 */
export function parseRemoteAddress(text: string): RemoteAddress {
  const address = text.trim();
  if (address === '') throw bad(address, 'it is empty');
  if (CONTROL.test(address)) throw bad(address, 'it holds a control character');
  if (address.startsWith('-')) throw bad(address, 'it looks like an option');
  if (HELPER.test(address)) throw bad(address, 'remote helpers are not used');
  if (address.startsWith('/')) return { transport: 'file', url: address, shown: address, credentials: undefined };
  const scheme = SCHEME.exec(address)?.[1]?.toLowerCase();
  return scheme === undefined ? parseScpAddress(address) : parseUrl(address, scheme);
}

function parseUrl(address: string, scheme: string): RemoteAddress {
  if (scheme === 'file') return parseFileUrl(address);
  const transport = { ssh: 'ssh', http: 'http', https: 'http', git: 'git' } as const;
  const known = Object.entries(transport).find(([name]) => name === scheme)?.[1];
  if (known === undefined) throw bad(address, `${scheme}:// is not a transport that Slipway uses`);
  const url = URL.parse(address);
  if (url === null || url.hostname === '') throw bad(address, 'it is not a valid URL');
  const username = decode(address, url.username);
  const password = decode(address, url.password);
  if (url.hostname.startsWith('-') || username.startsWith('-')) throw bad(address, 'it looks like an option');
  url.password = '';
  if (known === 'ssh') return { transport: known, url: url.href, shown: withoutUser(url), credentials: undefined };
  url.username = '';
  const credentials = username === '' && password === '' ? undefined : { username, password };
  return { transport: known, url: url.href, shown: url.href, credentials };
}

function parseFileUrl(address: string): RemoteAddress {
  const path = address.slice('file://'.length).replace(/^localhost(?=\/)/i, '');
  if (!path.startsWith('/')) throw bad(address, 'a file:// address names no host');
  return { transport: 'file', url: `file://${path}`, shown: `file://${path}`, credentials: undefined };
}

function parseScpAddress(address: string): RemoteAddress {
  const match = SCP.exec(address);
  if (match === null) throw bad(address, 'a path has to be absolute');
  const [, user, host = '', path = ''] = match;
  if (host.startsWith('-') || user?.startsWith('-')) throw bad(address, 'it looks like an option');
  return { transport: 'ssh', url: address, shown: `${host}:${path}`, credentials: undefined };
}

/** An address with what the app has of its own for it; what does not fit its transport changes nothing. */
export function withCredentials(address: RemoteAddress, own: RemoteCredentials | undefined): RemoteAddress {
  if (own?.kind === 'ssh-key') return address.transport === 'ssh' ? { ...address, sshKey: own } : address;
  if (own === undefined || address.transport !== 'http') return address;
  const credentials =
    own.kind === 'password'
      ? { username: own.username, password: own.password }
      : { username: own.username ?? TOKEN_USERNAME, password: own.token };
  return { ...address, credentials };
}

/**
 * The address of a submodule: relative ones are resolved against the parent's as `git submodule` does; credentials go
 * along only to the same host. A repository from the network never names one on this machine.
 *
 * @throws RepositoryError `bad-address`
 */
export function submoduleAddress(parent: RemoteAddress, text: string): RemoteAddress {
  const relative = text.startsWith('./') || text.startsWith('../');
  const address = parseRemoteAddress(relative ? joinRelative(parent.url, text) : text);
  if (address.transport === 'file' && parent.transport !== 'file') {
    throw bad(text, 'a repository from the network cannot include one from this machine');
  }
  if (!sameOrigin(parent, address)) return address;
  return { ...address, credentials: address.credentials ?? parent.credentials, sshKey: parent.sshKey };
}

function joinRelative(base: string, relative: string): string {
  let left = base.replace(/\/+$/, '');
  let right = relative;
  let separator = '/';
  for (;;) {
    if (right.startsWith('./')) right = right.slice(2);
    else if (right.startsWith('../')) {
      const slash = left.lastIndexOf('/');
      const cut = slash >= 0 ? slash : left.lastIndexOf(':');
      if (cut < 0) throw bad(relative, `it leads out of ${base}`);
      separator = left.charAt(cut);
      left = left.slice(0, cut);
      right = right.slice(3);
    } else return `${left}${separator}${right}`;
  }
}

function sameOrigin(one: RemoteAddress, other: RemoteAddress): boolean {
  const origin = originOf(one);
  return origin !== undefined && origin === originOf(other);
}

/** Scheme, host and port of an http or ssh address, which is what credentials are bound to. */
export function originOf(address: RemoteAddress): string | undefined {
  if (address.transport === 'http') return new URL(address.url).origin;
  return address.transport === 'ssh' ? sshOriginOf(address.url) : undefined;
}

function sshOriginOf(url: string): string {
  const parsed = SCHEME.test(url) ? URL.parse(url) : null;
  const host = parsed?.hostname ?? SCP.exec(url)?.[2] ?? url;
  return `ssh://${host.toLowerCase()}:${parsed?.port || '22'}`;
}

function withoutUser(url: URL): string {
  const copy = new URL(url);
  copy.username = '';
  return copy.href;
}

function decode(address: string, text: string): string {
  const decoded = decodeSafely(text);
  if (decoded !== undefined && !CONTROL.test(decoded)) return decoded;
  throw bad(address, 'its user or password is not percent-encoded properly');
}

function decodeSafely(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

function bad(address: string, why: string): RepositoryError {
  return new RepositoryError(
    'bad-address',
    `The repository address ${quote(hideCredentials(address))} cannot be used: ${why}.`,
  );
}
