import { createHash, hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { type FileContent, RepositoryError, type SourceFile } from '../repository.ts';
import type { ContentFolder } from './scan-working-copy.ts';

const READ_WHOLE_BYTES = 4 * 1024 * 1024;
const CHUNK_BYTES = 256 * 1024;
/** Small files read ahead of the one that is used. */
const AHEAD = 8;

/** Tells how large a file of a tree is. */
export type SizeOf = (file: SourceFile) => number;

/**
 * Reads files in the order asked for. A machine that lost its power may have kept a file without its bytes, so each is
 * compared with its id.
 *
 * @param onDamage called before the error is thrown
 * @throws RepositoryError `unreadable`
 */
export async function* readContents(
  contents: ContentFolder,
  files: Iterable<SourceFile>,
  sizeOf: SizeOf,
  onDamage: () => Promise<void>,
  signal: AbortSignal,
): AsyncGenerator<FileContent> {
  const check = async (file: SourceFile, contentId: string | undefined) => {
    if (contentId === file.contentId) return;
    await onDamage();
    throw new RepositoryError(
      'unreadable',
      `What was kept of ${file.path} is damaged: it is fetched anew by the next try.`,
    );
  };
  const begin = (file: SourceFile) => {
    const sizeBytes = sizeOf(file);
    const path = contents.pathOf(file.contentId);
    const whole = sizeBytes > READ_WHOLE_BYTES ? undefined : readFile(path).catch(() => undefined);
    return { file, sizeBytes, path, whole };
  };
  const left = files[Symbol.iterator]();
  const ahead: ReturnType<typeof begin>[] = [];
  const fill = () => {
    while (ahead.length < AHEAD) {
      const next = left.next();
      if (next.done === true) return;
      ahead.push(begin(next.value));
    }
  };
  fill();
  for (let next = ahead.shift(); next !== undefined; next = ahead.shift()) {
    signal.throwIfAborted();
    const { file, sizeBytes, path, whole } = next;
    fill();
    if (whole === undefined) {
      yield { file, sizeBytes, bytes: readLarge(path, (contentId) => check(file, contentId), signal) };
      continue;
    }
    const bytes = await whole;
    await check(file, bytes === undefined ? undefined : hash('sha256', bytes));
    if (bytes !== undefined) yield { file, sizeBytes, bytes };
  }
}

async function* readLarge(
  path: string,
  check: (contentId: string | undefined) => Promise<void>,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const hashing = createHash('sha256');
  const stream = createReadStream(path, { highWaterMark: CHUNK_BYTES });
  for await (const chunk of stream.iterator()) {
    signal.throwIfAborted();
    hashing.update(chunk);
    yield chunk;
  }
  signal.throwIfAborted();
  await check(hashing.digest('hex'));
}
