import type { RemoteCredentials } from './remote-credentials.ts';

/** An address as it may be stored, and what has to be sealed before it is. */
export interface TakenCredentials {
  readonly address: string;
  /** undefined where the address names nobody, or a host that is not asked for a password. */
  readonly credentials: RemoteCredentials | undefined;
}

/** Asked with a user and a password. Over ssh a user is part of the address, and a password is of no use. */
const ASKED = new Set(['http:', 'https:', 'svn:']);

/**
 * Takes the user and the password out of the address of a repository.
 *
 * @param address one that Slipway uses
 */
export function takeCredentials(address: string): TakenCredentials {
  const text = address.trim();
  const url = URL.parse(text);
  if (url === null || (url.username === '' && url.password === '')) return { address: text, credentials: undefined };
  const username = decodeURIComponent(url.username);
  const password = decodeURIComponent(url.password);
  const isAsked = ASKED.has(url.protocol);
  const user = isAsked || url.username === '' ? '' : `${url.username}@`;
  return {
    // Cut out of the text, so that the rest stays as it was written.
    address: text.replace(/^([^:]+:\/\/)[^/?#]*@/, `$1${user}`),
    credentials: isAsked ? { kind: 'password', username, password } : undefined,
  };
}
