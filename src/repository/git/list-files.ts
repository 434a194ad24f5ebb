import { setImmediate as breathe } from 'node:timers/promises';
import { quote } from '../../domain/refusal.ts';
import { sortByPath } from '../path-order.ts';
import { RepositoryError, type SourceFile } from '../repository.ts';
import { parseTree, type TreeEntry } from './git-objects.ts';
import { readObjects } from './read-objects.ts';
import type { ObjectSource } from './resume-content.ts';

/** A place in a tree where another repository belongs. */
export interface Gitlink {
  readonly path: string;
  readonly commitId: string;
}

export interface Listing {
  /** Sorted by the bytes of their paths. */
  readonly files: readonly SourceFile[];
  readonly gitlinks: readonly Gitlink[];
}

/** Entries handled between two pauses: a few milliseconds. */
const ENTRIES_PER_TURN = 10_000;
/** A handful of objects can describe a tree of billions of files. */
const MOST_FILES = 1_000_000;
const MOST_LEVELS = 500;

/**
 * Lists every file below a tree, level by level, reading each tree object once.
 *
 * @throws RepositoryError `unreadable`
 */
export async function listFiles(source: ObjectSource, treeId: string, signal: AbortSignal): Promise<Listing> {
  const trees = new Map<string, readonly TreeEntry[]>();
  let level = new Map([[treeId, '']]);
  for (let depth = 0; level.size > 0; depth++) {
    if (depth > MOST_LEVELS)
      throw new RepositoryError('unreadable', `The tree is more than ${MOST_LEVELS} levels deep.`);
    await readLevel(source, level, trees, signal);
    level = nextLevel(level, trees);
  }
  return await flatten(trees, treeId, signal);
}

async function readLevel(
  source: ObjectSource,
  level: ReadonlyMap<string, string>,
  trees: Map<string, readonly TreeEntry[]>,
  signal: AbortSignal,
): Promise<void> {
  const wanted = level.entries();
  for await (const object of readObjects(source, 'lookup', level.keys(), signal, { expected: 'tree' })) {
    const [id, path] = wanted.next().value ?? ['', ''];
    if (!object.found || object.type !== 'tree' || !(object.bytes instanceof Buffer)) {
      throw new RepositoryError('unreadable', `The tree ${id} at ${quote(path)} is missing in the repository.`);
    }
    trees.set(id, parseTree(object.bytes, id.length / 2, path));
  }
}

/** The trees below a level that were not read yet, each with a path to it. */
function nextLevel(
  level: ReadonlyMap<string, string>,
  trees: ReadonlyMap<string, readonly TreeEntry[]>,
): Map<string, string> {
  const next = new Map<string, string>();
  for (const [id, path] of level) {
    for (const entry of trees.get(id) ?? []) {
      if (entry.mode === 'tree' && !trees.has(entry.id)) next.set(entry.id, `${path}${entry.name}/`);
    }
  }
  return next;
}

/** Walks depth first: git sorts a tree as if directories ended in `/`, so that the paths come in byte order. */
async function flatten(
  trees: ReadonlyMap<string, readonly TreeEntry[]>,
  treeId: string,
  signal: AbortSignal,
): Promise<Listing> {
  const files: SourceFile[] = [];
  const gitlinks: Gitlink[] = [];
  const stack = [{ entries: trees.get(treeId) ?? [], at: 0, path: '' }];
  let handled = 0;
  for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
    const entry = top.entries[top.at++];
    if (entry === undefined) {
      stack.pop();
      continue;
    }
    const path = top.path + entry.name;
    if (entry.mode === 'tree') stack.push({ entries: trees.get(entry.id) ?? [], at: 0, path: `${path}/` });
    else if (entry.mode === 'submodule') gitlinks.push({ path, commitId: entry.id });
    else files.push({ path, mode: entry.mode, contentId: entry.id });
    if (++handled > MOST_FILES)
      throw new RepositoryError('unreadable', `The tree has more than ${MOST_FILES} entries.`);
    if (handled % ENTRIES_PER_TURN === 0) await breathe();
    signal.throwIfAborted();
  }
  return { files: sortByPath(files), gitlinks };
}
