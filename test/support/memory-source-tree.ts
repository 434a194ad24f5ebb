import { hash } from 'node:crypto';
import type { FileContent, SourceFile, SourceTree } from '../../src/repository/repository.ts';

/** A file of a tree that is not in any repository. */
export interface MadeFile {
  readonly path: string;
  readonly mode?: SourceFile['mode'];
  /** Whole, or made anew, in chunks, each time it is read. */
  readonly content: string | Uint8Array | { readonly sizeBytes: number; readonly chunks: () => Iterable<Uint8Array> };
  /** By default it is made from the content. */
  readonly contentId?: string;
}

/** A tree whose contents are made by the test, and which remembers what was read. */
export interface MemorySourceTree extends SourceTree {
  /** Paths, in the order in which they were read. */
  readonly reads: readonly string[];
}

export function memorySourceTree(
  made: readonly MadeFile[],
  committedAt = Date.UTC(2024, 1, 29, 12, 34, 56),
): MemorySourceTree {
  const contents = new Map<string, MadeFile>();
  const files = made.map((one) => {
    const file: SourceFile = { path: one.path, mode: one.mode ?? 'file', contentId: one.contentId ?? idOf(one) };
    contents.set(file.contentId, one);
    return file;
  });
  const bytes = new Map(files.map(({ path }) => [path, Buffer.from(path)]));
  const bytesOf = ({ path }: SourceFile) => bytes.get(path) ?? Buffer.alloc(0);
  files.sort((a, b) => Buffer.compare(bytesOf(a), bytesOf(b)));
  const reads: string[] = [];
  return {
    committedAt,
    files,
    emptyFolders: [],
    reads,
    async *read(wanted, signal) {
      for (const file of wanted) {
        signal.throwIfAborted();
        reads.push(file.path);
        const content = contents.get(file.contentId)?.content ?? '';
        yield contentOf(file, typeof content === 'string' ? Buffer.from(content) : content);
      }
    },
    close: async () => undefined,
  };
}

function idOf({ path, content }: MadeFile): string {
  return hash('sha1', typeof content === 'string' || content instanceof Uint8Array ? content : path);
}

function contentOf(file: SourceFile, content: Exclude<MadeFile['content'], string>): FileContent {
  if (content instanceof Uint8Array) return { file, sizeBytes: content.length, bytes: content };
  return { file, sizeBytes: content.sizeBytes, bytes: inChunks(content.chunks()) };
}

async function* inChunks(chunks: Iterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield* chunks;
}
