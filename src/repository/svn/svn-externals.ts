import { localFailure } from './local-failure.ts';
import { runSvn, type SvnRemote } from './run-svn.ts';
import { findAll, parseSvnXml } from './svn-xml.ts';

/** One thing that a folder of a working copy takes from elsewhere. */
export interface External {
  /** As the property names it: absolute, or relative by `^/`, `/`, `//` or `../`. */
  readonly url: string;
}

/**
 * Everything that the folders of a working copy take from elsewhere by `svn:externals`, in either of its formats:
 * `[-rN] url[@peg] folder`, and the old `folder [-rN] url`.
 */
export async function findExternals(
  remote: SvnRemote,
  path: string,
  signal: AbortSignal,
): Promise<readonly External[]> {
  const { localTimeoutMs: timeoutMs } = remote.settings;
  const args = ['propget', 'svn:externals', '--xml', '--recursive', `${path}@`];
  const outcome = await runSvn(remote, { args, timeoutMs, signal, withCredentials: false });
  // A property that nobody has is a warning.
  if (outcome.code !== 0 && !/W200017|E200000/.test(outcome.stderr)) throw localFailure(outcome, 'read its properties');
  return findAll(parseSvnXml(outcome.stdout), 'property').flatMap(({ text }) => parseExternals(text));
}

/** @param text the value of the property */
export function parseExternals(text: string): readonly External[] {
  const lines = text.split(/\r?\n/).map((line) => line.trim());
  return lines
    .filter((line) => line !== '' && !line.startsWith('#'))
    .flatMap((line) => {
      const words = line.match(/"[^"]*"|'[^']*'|\S+/g)?.map((word) => word.replace(/^(["'])(.*)\1$/, '$2')) ?? [];
      const url = words.find((word) => /^(?:[a-z][a-z0-9+.-]*:)?\/\/|^\^\/|^\/|^\.\.\//i.test(word));
      return [{ url: url ?? words.at(0) ?? line }];
    });
}
