import { createHash } from 'node:crypto';
import type { SvnAddress } from './svn-address.ts';

/** A user and what proves it. */
export interface Login {
  readonly username: string;
  readonly password: string;
}

/**
 * What a server calls the place that it asks a password for, in svn's words: `<https://host:443> Name`. It begins with
 * where the server is, so that a password that is kept for a realm goes to no other server.
 */
export type Realm = string;

/** The realm that an svn command which may ask asked a password for; undefined where it did not come to that. */
export function findRealm(stderr: string): Realm | undefined {
  return /^Authentication realm: (<\S+>.*)$/m.exec(stderr)?.[1];
}

/** Whether it is the address's own server that asks. */
export function isRealmOf(realm: Realm, address: SvnAddress): boolean {
  const place = /^<([a-z]+):\/\/(.+):(\d+)>/i.exec(realm);
  const url = URL.parse(address.url);
  if (place === null || url === null) return false;
  const [, scheme = '', host = '', port] = place;
  const bare = url.hostname.replace(/^\[|\]$/g, '');
  const wanted = url.port === '' ? DEFAULT_PORTS[url.protocol] : url.port;
  return `${scheme}:` === url.protocol && host.toLowerCase() === bare.toLowerCase() && port === wanted;
}

const DEFAULT_PORTS: Readonly<Record<string, string>> = { 'http:': '80', 'https:': '443', 'svn:': '3690' };

/** The file by which svn finds a password for a realm, by its name below the configuration folder. */
export function loginFile(realm: Realm, { username, password }: Login): readonly [name: string, text: string] {
  const name = createHash('md5').update(realm).digest('hex');
  const entries = { passtype: 'simple', password, 'svn:realmstring': realm, username };
  const lines = Object.entries(entries).map(([key, value]) => `${counted('K', key)}${counted('V', value)}`);
  return [`auth/svn.simple/${name}`, `${lines.join('')}END\n`];
}

function counted(letter: string, text: string): string {
  return `${letter} ${Buffer.byteLength(text)}\n${text}\n`;
}
