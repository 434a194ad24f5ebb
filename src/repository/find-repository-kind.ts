import { stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { RepositoryKind } from '../protocol/manage.ts';

/**
 * Finds out of which kind a repository is: by its scheme, by what its folder holds, and over http(s) by asking. Git where
 * nothing tells, since an app may be created before its repository can be reached.
 *
 * @param signal ends the asking, and nothing else
 */
export async function findRepositoryKind(address: string, signal: AbortSignal): Promise<RepositoryKind> {
  const text = address.trim();
  if (/^svn(?:\+ssh)?:\/\//i.test(text)) return 'svn';
  const path = localPath(text);
  if (path !== undefined) return (await isInSvnRepository(path)) ? 'svn' : 'git';
  if (!/^https?:\/\//i.test(text) || /\.git\/*$/i.test(text)) return 'git';
  return (await servesSvn(text, signal)) ? 'svn' : 'git';
}

function localPath(text: string): string | undefined {
  if (text.startsWith('/')) return text;
  if (!/^file:\/\//i.test(text)) return undefined;
  try {
    return fileURLToPath(text);
  } catch {
    return undefined;
  }
}

/** An address may name a folder inside a repository, which is no folder of this machine. */
async function isInSvnRepository(path: string): Promise<boolean> {
  const signs = ['format', 'db/format', 'conf'].map((name) => stat(join(path, name)));
  const isOne = (await Promise.allSettled(signs)).every(({ status }) => status === 'fulfilled');
  const parent = dirname(path);
  return isOne || (parent !== path && (await isInSvnRepository(parent)));
}

/** A Subversion server says so in its `DAV` header. Whoever asks for a password first tells by its realm, perhaps. */
async function servesSvn(address: string, signal: AbortSignal): Promise<boolean> {
  const url = URL.parse(address);
  if (url === null) return false;
  const { username, password } = url;
  [url.username, url.password] = ['', ''];
  const login = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  const headers = username === '' ? {} : { authorization: `Basic ${Buffer.from(login).toString('base64')}` };
  try {
    const answer = await fetch(url, { method: 'OPTIONS', headers, redirect: 'manual', signal });
    await answer.body?.cancel();
    const said = `${answer.headers.get('dav')} ${answer.headers.get('www-authenticate')}`;
    return /subversion|\bsvn\b/i.test(said);
  } catch {
    return false;
  }
}
