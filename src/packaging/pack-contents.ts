import { setImmediate as breathe } from 'node:timers/promises';
import { type FileContent, RepositoryError, type SourceFile, type SourceTree } from '../repository/repository.ts';
import { packBytes } from './deflate.ts';
import type { PackedMember } from './member.ts';
import { packLarge } from './pack-large.ts';

/** As many contents as keep every thread of the pool at work. */
const MOST_UNDER_WAY = 8;
const MOST_BYTES_UNDER_WAY = 16 * 1024 * 1024;
/** Contents up to this size are packed in memory, however the repository gives them. */
const IN_MEMORY_BYTES = 8 * 1024 * 1024;

interface UnderWay {
  readonly packed: Promise<PackedMember>;
  readonly sizeBytes: number;
}

/**
 * Reads files and packs their contents, several at once, in the order of the files. A member must be used up before the
 * next is taken.
 *
 * @param folder for temporary files
 * @throws RepositoryError
 */
export async function* packContents(
  tree: SourceTree,
  files: readonly SourceFile[],
  folder: string,
  signal: AbortSignal,
): AsyncGenerator<PackedMember> {
  const underWay: UnderWay[] = [];
  const oldest = async () => await (underWay.shift()?.packed ?? Promise.reject(new Error('nothing is under way')));
  try {
    for await (const content of inOrder(tree.read(files, signal), files)) {
      signal.throwIfAborted();
      const bytes = await inMemory(content);
      if (bytes !== undefined) underWay.push(start(bytes));
      while (bytes === undefined ? underWay.length > 0 : isFull(underWay)) yield await oldest();
      if (bytes === undefined) yield* large(content, folder, signal);
    }
    while (underWay.length > 0) yield await oldest();
  } finally {
    await Promise.allSettled(underWay.map(({ packed }) => packed));
  }
}

function start(bytes: Uint8Array): UnderWay {
  const packed = packBytes(bytes);
  // It is awaited in its turn; until then a failure must not count as unhandled.
  packed.catch(() => undefined);
  return { packed, sizeBytes: bytes.length };
}

function isFull(underWay: readonly UnderWay[]): boolean {
  return (
    underWay.length >= MOST_UNDER_WAY ||
    underWay.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0) > MOST_BYTES_UNDER_WAY
  );
}

async function inMemory({ bytes, sizeBytes }: FileContent): Promise<Uint8Array | undefined> {
  if (bytes instanceof Uint8Array) return bytes;
  if (sizeBytes > IN_MEMORY_BYTES) return undefined;
  const chunks: Uint8Array[] = [];
  for await (const chunk of bytes) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function* large(content: FileContent, folder: string, signal: AbortSignal): AsyncGenerator<PackedMember> {
  if (content.bytes instanceof Uint8Array) return;
  const member = await packLarge(content.bytes, folder, signal);
  try {
    if (member.sizeBytes !== content.sizeBytes) throw misread(content.file);
    yield member;
  } finally {
    await member.close();
  }
}

/** Makes sure that every file has its own content: a package with swapped ones would go unnoticed. */
async function* inOrder(
  contents: AsyncIterable<FileContent>,
  files: readonly SourceFile[],
): AsyncGenerator<FileContent> {
  let at = 0;
  for await (const content of contents) {
    const file = files[at++];
    const isCut = content.bytes instanceof Uint8Array && content.bytes.length !== content.sizeBytes;
    if (isCut || content.file.contentId !== file?.contentId) throw misread(content.file);
    yield content;
    if (at % 64 === 0) await breathe();
  }
  const missing = files[at];
  if (missing !== undefined) throw misread(missing);
}

function misread(file: SourceFile): RepositoryError {
  return new RepositoryError('unreadable', `The repository gave other bytes than those of '${file.path}'.`);
}
