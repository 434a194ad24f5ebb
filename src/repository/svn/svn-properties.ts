import { localFailure } from './local-failure.ts';
import { runSvn, type SvnRemote } from './run-svn.ts';
import { type External, parseExternals } from './svn-externals.ts';
import { findAll, parseSvnXml } from './svn-xml.ts';
import type { Changes } from './update-output.ts';

/** What the properties in a working copy mean to us. */
export interface CopyProperties {
  /** What its folders take from elsewhere. */
  readonly externals: readonly External[];
  /** Below the working copy: the files in which svn writes what is not of their content. */
  readonly withKeywords: readonly string[];
}

/** More than these are not named one by one. */
const MOST_NAMED = 200;

/** Reads all of them. @throws RepositoryError `unreadable` */
export async function readProperties(remote: SvnRemote, copy: string, signal: AbortSignal): Promise<CopyProperties> {
  return await list(remote, copy, ['--recursive', `${copy}@`], signal);
}

/**
 * Those of a working copy without externals after an update.
 *
 * @param before what they were
 * @throws RepositoryError `unreadable`
 */
export async function updateProperties(
  remote: SvnRemote,
  copy: string,
  before: CopyProperties,
  { removed, touched }: Changes,
  signal: AbortSignal,
): Promise<CopyProperties> {
  if (touched.size > MOST_NAMED) return await readProperties(remote, copy, signal);
  const paths = [...touched].map((path) => (path === '' ? `${copy}@` : `${copy}/${path}@`));
  const now = paths.length === 0 ? { externals: [], withKeywords: [] } : await list(remote, copy, paths, signal);
  const left = before.withKeywords.filter((path) => !touched.has(path) && !isBelow(path, removed));
  return { externals: now.externals, withKeywords: [...left, ...now.withKeywords] };
}

/** Whether a path, or a folder that it is in, is one of some. */
export function isBelow(path: string, folders: ReadonlySet<string>): boolean {
  if (folders.size === 0) return false;
  for (let end = path.length; end > 0; end = path.lastIndexOf('/', end - 1)) {
    if (folders.has(path.slice(0, end))) return true;
  }
  return folders.has('');
}

async function list(
  remote: SvnRemote,
  copy: string,
  targets: readonly string[],
  signal: AbortSignal,
): Promise<CopyProperties> {
  const { localTimeoutMs: timeoutMs } = remote.settings;
  const args = ['proplist', '--verbose', '--xml', ...targets];
  const outcome = await runSvn(remote, { args, timeoutMs, signal, withCredentials: false });
  if (outcome.code !== 0) throw localFailure(outcome, 'read its properties');
  const externals: External[] = [];
  const withKeywords: string[] = [];
  for (const { attributes, children } of findAll(parseSvnXml(outcome.stdout), 'target')) {
    const path = (attributes.path ?? '').slice(copy.length + 1);
    for (const property of children) {
      if (property.attributes.name === 'svn:keywords') withKeywords.push(path);
      if (property.attributes.name === 'svn:externals') externals.push(...parseExternals(property.text, path));
    }
  }
  return { externals, withKeywords };
}
