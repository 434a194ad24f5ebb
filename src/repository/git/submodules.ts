import { quote } from '../../domain/refusal.ts';
import { RepositoryError } from '../repository.ts';
import { localFailure } from './git-failure.ts';
import type { Gitlink } from './list-files.ts';
import type { Mirror } from './mirror.ts';
import { type RemoteAddress, submoduleAddress } from './remote-address.ts';
import { runGit } from './run-git.ts';

export interface Submodule {
  /** Where it stands in the tree of its parent. */
  readonly path: string;
  readonly commitId: string;
  readonly address: RemoteAddress;
}

/**
 * Says where the repositories behind a tree's gitlinks are, as its `.gitmodules` does.
 *
 * @param modulesId the blob of `.gitmodules`; undefined when the tree has none
 * @throws RepositoryError `unreadable` for a gitlink without an address, `bad-address`
 */
export async function findSubmodules(
  mirror: Mirror,
  gitlinks: readonly Gitlink[],
  modulesId: string | undefined,
  signal: AbortSignal,
): Promise<readonly Submodule[]> {
  if (gitlinks.length === 0) return [];
  const urls = modulesId === undefined ? new Map<string, string>() : await readUrls(mirror, modulesId, signal);
  return gitlinks.map(({ path, commitId }) => {
    const url = urls.get(path);
    if (url !== undefined) return { path, commitId, address: submoduleAddress(mirror.address, url) };
    const message = `The submodule ${quote(path)} has no address in .gitmodules: add one, or remove the submodule.`;
    throw new RepositoryError('unreadable', message);
  });
}

/** The url of each submodule by its path. Git itself reads the file, whose quoting rules are its own. */
async function readUrls(mirror: Mirror, modulesId: string, signal: AbortSignal): Promise<Map<string, string>> {
  const { settings, gitDir } = mirror;
  const args = ['config', '--blob', modulesId, '--null', '--list'];
  const outcome = await runGit(settings, { args, gitDir, timeoutMs: settings.localTimeoutMs, signal });
  if (outcome.code !== 0) throw localFailure(outcome, 'read .gitmodules');
  const values = new Map(outcome.stdout.split('\0').map((entry) => splitOnce(entry, '\n')));
  const urls = new Map<string, string>();
  for (const [key, path] of values) {
    const name = /^submodule\.(.*)\.path$/s.exec(key)?.[1];
    const url = name === undefined ? undefined : values.get(`submodule.${name}.url`);
    if (url !== undefined) urls.set(path.replace(/\/+$/, ''), url);
  }
  return urls;
}

function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}
