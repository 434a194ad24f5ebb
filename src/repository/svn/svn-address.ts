import { hideCredentials } from '../../domain/credentials-in-text.ts';
import { quote } from '../../domain/refusal.ts';
import { RepositoryError } from '../repository.ts';

/** Where a Subversion repository, or a folder in one, is. */
export interface SvnAddress {
  readonly transport: 'file' | 'svn' | 'ssh' | 'http';
  /** What svn is given, without a slash at its end: never holds a password. */
  readonly url: string;
  /** Fit for messages: the same without any user. */
  readonly shown: string;
  readonly credentials: { readonly username: string; readonly password: string } | undefined;
}

const TRANSPORTS = { svn: 'svn', 'svn+ssh': 'ssh', http: 'http', https: 'http' } as const;

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused
const CONTROL = /[\u0000-\u001f\u007f]/;

/**
 * Reads the address of a Subversion repository: an absolute path, `file://`, `svn://`, `svn+ssh://` or `http(s)://`.
 *
 * @throws RepositoryError `bad-address` for everything else, option-like text and other tunnels included
 */
export function parseSvnAddress(text: string): SvnAddress {
  const address = text.trim().replace(/(?<=[^/:])\/+$/, '');
  if (address === '') throw bad(address, 'it is empty');
  if (CONTROL.test(address)) throw bad(address, 'it holds a control character');
  if (address.startsWith('-')) throw bad(address, 'it looks like an option');
  if (address.startsWith('/')) return onDisk(address, `file://${encodePath(address)}`);
  const scheme = /^([A-Za-z][A-Za-z0-9+.-]*):\/\//.exec(address)?.[1]?.toLowerCase();
  if (scheme === undefined) throw bad(address, 'it is neither a URL nor an absolute path');
  if (scheme === 'file') return parseFileUrl(address);
  const transport = Object.entries(TRANSPORTS).find(([name]) => name === scheme)?.[1];
  if (transport === undefined) throw bad(address, `${scheme}:// is not a transport that Slipway uses`);
  return parseUrl(address, transport);
}

/** Writes a path, or a part of one, as it stands in a URL. */
export function encodePath(path: string): string {
  return path.split('/').map(encodeURIComponent).join('/');
}

function parseFileUrl(address: string): SvnAddress {
  const path = address.slice('file://'.length).replace(/^localhost(?=\/)/i, '');
  if (!path.startsWith('/')) throw bad(address, 'a file:// address names no host');
  return onDisk(`file://${path}`, `file://${encodePath(decode(address, path))}`);
}

function onDisk(shown: string, url: string): SvnAddress {
  return { transport: 'file', url, shown, credentials: undefined };
}

function parseUrl(address: string, transport: 'svn' | 'ssh' | 'http'): SvnAddress {
  const url = URL.parse(address);
  if (url === null || url.hostname === '' || url.search !== '' || url.hash !== '') {
    throw bad(address, 'it is not a valid URL');
  }
  const username = decode(address, url.username);
  const password = decode(address, url.password);
  if (url.hostname.startsWith('-') || username.startsWith('-')) throw bad(address, 'it looks like an option');
  url.password = '';
  const withUser = url.href.replace(/\/$/, '');
  url.username = '';
  const shown = url.href.replace(/\/$/, '');
  if (transport === 'ssh') return { transport, url: withUser, shown, credentials: undefined };
  const credentials = username === '' && password === '' ? undefined : { username, password };
  return { transport, url: shown, shown, credentials };
}

function decode(address: string, text: string): string {
  try {
    const decoded = decodeURIComponent(text);
    if (!CONTROL.test(decoded)) return decoded;
  } catch {
    // Said below.
  }
  throw bad(address, 'it is not percent-encoded properly');
}

function bad(address: string, why: string): RepositoryError {
  const shown = quote(hideCredentials(address));
  return new RepositoryError('bad-address', `The repository address ${shown} cannot be used: ${why}.`);
}
