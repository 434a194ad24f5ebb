import { localFailure } from './local-failure.ts';
import type { Place } from './resolve-svn-revision.ts';
import { runSvn, type SvnRemote } from './run-svn.ts';
import { encodePath } from './svn-address.ts';
import { findAll, parseSvnXml, type XmlElement } from './svn-xml.ts';

/** One thing that a folder of a working copy takes from elsewhere. */
export interface External {
  /** As the property names it: absolute, or relative by `^/`, `/`, `//` or `../`. */
  readonly url: string;
  /** The folder that has the property, below the working copy. */
  readonly folder: string;
}

/** The whole URL of an external of a working copy, wherever it leads. */
export function resolveExternal(external: External, { url, rootUrl }: Pick<Place, 'url' | 'rootUrl'>): string {
  const text = external.url;
  if (text.startsWith('^/')) return joined(rootUrl, text.slice(2));
  if (text.startsWith('//')) return `${URL.parse(rootUrl)?.protocol}${text}`;
  if (text.startsWith('/')) return `${/^[a-z+]+:\/\/[^/]*/i.exec(rootUrl)?.[0]}${text}`;
  return text.startsWith('../') ? joined(url, `${encodePath(external.folder)}/${text}`) : text;
}

/** With every `..` followed. */
function joined(base: string, path: string): string {
  return URL.parse(path.replace(/^\/+/, ''), `${base}/`)?.href ?? base;
}

/** Where everything in a working copy has come from that came from elsewhere, externals of externals included. */
export async function listExternalSources(
  remote: SvnRemote,
  path: string,
  signal: AbortSignal,
): Promise<readonly External[]> {
  const ask = async (args: readonly string[]) => {
    const { localTimeoutMs: timeoutMs } = remote.settings;
    const outcome = await runSvn(remote, { args, timeoutMs, signal, withCredentials: false });
    if (outcome.code !== 0) throw localFailure(outcome, 'list its externals');
    return parseSvnXml(outcome.stdout);
  };
  const entries = findAll(await ask(['status', '--xml', `${path}@`]), 'entry');
  const isExternal = (entry: XmlElement) =>
    findAll(entry, 'wc-status').some(({ attributes }) => attributes.item === 'external');
  const paths = entries.filter(isExternal).map(({ attributes }) => `${attributes.path}@`);
  if (paths.length === 0) return [];
  return findAll(await ask(['info', '--xml', ...paths]), 'url').map(({ text }) => ({ url: text, folder: '' }));
}

/**
 * Reads `svn:externals` in either of its formats: `[-rN] url[@peg] folder`, and the old `folder [-rN] url`.
 *
 * @param text the value of the property. Its quotes and backslashes are taken away before it is looked at, as svn does,
 *   so that none hides a scheme
 * @param folder that has it
 */
export function parseExternals(text: string, folder: string): readonly External[] {
  const lines = text.split(/\r?\n/).map((line) => line.replace(/["'\\]/g, '').trim());
  const entries = lines.filter((line) => line !== '' && !line.startsWith('#'));
  return entries.flatMap((line) => {
    const words = line.split(/\s+/);
    const urls = words.filter((word) => /^(?:[a-z][a-z0-9+.-]*:|\^|\/|\.\.\/)/i.test(word));
    return (urls.length > 0 ? urls : words).map((url) => ({ url, folder }));
  });
}
