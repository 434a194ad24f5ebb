import { askObjects, type GitObject, type ReadOptions } from './ask-objects.ts';
import type { Lane } from './cat-file-pool.ts';
import type { ObjectSource } from './resume-content.ts';

/**
 * Reads objects by name, in order: from memory those that are there, and all others from git, as {@link askObjects} does.
 *
 * @throws RepositoryError `unreadable`
 */
export async function* readObjects(
  source: ObjectSource,
  lane: Lane,
  names: Iterable<string>,
  signal: AbortSignal,
  options: ReadOptions = {},
): AsyncGenerator<GitObject, void, undefined> {
  signal.throwIfAborted();
  const { memory, gitDir } = source;
  /** What memory has, in the order of the names; undefined stands for what git is asked for. */
  const remembered: (GitObject | undefined)[] = [];
  const others = function* () {
    for (const name of names) {
      const object = memory.find(gitDir, name);
      remembered.push(object);
      if (object === undefined) yield name;
    }
  };
  let at = 0;
  for await (const object of askObjects(source, lane, others(), signal, options)) {
    for (let known = remembered[at++]; known !== undefined; known = remembered[at++]) yield known;
    if (object.found && object.bytes instanceof Buffer) memory.keep(gitDir, { ...object, bytes: object.bytes });
    yield object;
  }
  for (const known of remembered.slice(at)) if (known !== undefined) yield known;
}

/** Reads one object whole: for commits, trees and other small ones. */
export async function readObject(
  source: ObjectSource,
  name: string,
  signal: AbortSignal,
  options: ReadOptions = {},
): Promise<GitObject> {
  for await (const object of readObjects(source, 'lookup', [name], signal, options)) return object;
  throw new Error('reading one object gave none');
}
