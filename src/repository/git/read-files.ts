import { quote } from '../../domain/refusal.ts';
import { type FileContent, RepositoryError, type SourceFile } from '../repository.ts';
import type { GitObject } from './ask-objects.ts';
import { parseLfsPointer } from './lfs-pointer.ts';
import type { LfsStore } from './lfs-store.ts';
import { readObjects } from './read-objects.ts';
import type { ObjectSource } from './resume-content.ts';

/** The piece of a tree that comes from one repository. */
export interface Part {
  /** Where it begins: empty for the app's own repository, else the submodule's path, ending in `/`. */
  readonly path: string;
  readonly source: ObjectSource;
  readonly lfs: LfsStore;
}

/**
 * Reads files in the order asked for, each from the repository it belongs to, and puts the contents of LFS pointers in
 * their place.
 *
 * @throws RepositoryError `unreadable`, `unreachable`
 */
export async function* readFiles(
  parts: readonly Part[],
  files: Iterable<SourceFile>,
  signal: AbortSignal,
): AsyncGenerator<FileContent, void, undefined> {
  for (const [part, run] of runsOfOnePart(parts, files)) {
    const ahead: SourceFile[] = [];
    const objects = readObjects(part.source, 'content', idsOf(run, ahead), signal, { expected: 'blob' });
    for await (const object of objects) {
      const file = ahead.shift();
      if (file !== undefined) yield await contentOf(part, file, object, signal);
    }
  }
}

function* idsOf(files: Iterable<SourceFile>, ahead: SourceFile[]): Generator<string, void, undefined> {
  for (const file of files) {
    ahead.push(file);
    yield file.contentId;
  }
}

/** Splits files into stretches that come from one part, without taking more of them than are being read. */
function* runsOfOnePart(
  parts: readonly Part[],
  files: Iterable<SourceFile>,
): Generator<[Part, Iterable<SourceFile>], void, undefined> {
  const queue = files[Symbol.iterator]();
  let next = queue.next();
  while (next.done !== true) {
    const part = partOf(parts, next.value);
    const run = function* (): Generator<SourceFile, void, undefined> {
      while (next.done !== true && partOf(parts, next.value) === part) {
        const file = next.value;
        next = queue.next();
        yield file;
      }
    };
    yield [part, run()];
  }
}

/** The part with the longest path that leads to the file. */
function partOf(parts: readonly Part[], file: SourceFile): Part {
  const [own] = parts;
  if (own === undefined) throw new Error('a tree has at least one part');
  if (parts.length === 1) return own;
  const fitting = parts.filter((part) => file.path.startsWith(part.path));
  return fitting.reduce((best, part) => (part.path.length > best.path.length ? part : best), own);
}

async function contentOf(part: Part, file: SourceFile, object: GitObject, signal: AbortSignal): Promise<FileContent> {
  if (!object.found || object.type !== 'blob') {
    const message = `The content of ${quote(file.path)} (${file.contentId}) is missing in the repository.`;
    throw new RepositoryError('unreadable', message);
  }
  const { sizeBytes, bytes } = object;
  const pointer = file.mode !== 'symlink' && bytes instanceof Buffer ? parseLfsPointer(bytes) : undefined;
  return pointer === undefined ? { file, sizeBytes, bytes } : await part.lfs.content(file, pointer, signal);
}
