import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { GitSettings } from './git-settings.ts';
import { runGit } from './run-git.ts';

/** Every fetch adds a pack, and every lookup asks each pack. */
const MOST_PACKS = 50;

/**
 * Joins a mirror's packs when there are many. `git gc` is never run, because it would delete what no branch leads to:
 * after a forced push upstream, the revisions that packages were built from. Repacking by size keeps every object, and
 * running `cat-file` processes find objects in their new pack.
 */
export async function maintainMirror(settings: GitSettings, gitDir: string, signal: AbortSignal): Promise<void> {
  const packs = (await readdir(join(gitDir, 'objects', 'pack'))).filter((name) => name.endsWith('.pack'));
  if (packs.length < MOST_PACKS) return;
  const timeoutMs = settings.fetchTimeoutMs;
  await runGit(settings, { args: ['repack', '--geometric=2', '-d', '-q'], gitDir, timeoutMs, signal });
  await runGit(settings, { args: ['pack-refs', '--all', '--prune'], gitDir, timeoutMs, signal });
}
