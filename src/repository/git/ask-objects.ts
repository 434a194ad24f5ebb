import { type CatFile, CatFileDied } from './cat-file.ts';
import type { Lane } from './cat-file-pool.ts';
import { chunkedContent } from './chunked-content.ts';
import {
  MOST_DEATHS,
  type NoObject,
  type ObjectHeader,
  type ObjectType,
  parseHeader,
  unreadableObject,
} from './object-header.ts';
import { type ObjectSource, resumeContent } from './resume-content.ts';

/** One object as git answered it, or why there is none. */
export type GitObject = (ObjectHeader & { readonly bytes: Buffer | AsyncIterable<Buffer> }) | NoObject;

/** Contents above this come as chunks. Whoever looks up commits and trees wants them whole, up to a sane size. */
const INLINE_BYTES: Readonly<Record<Lane, number>> = { content: 4 * 1024 * 1024, lookup: 256 * 1024 * 1024 };
const GROUP = 32;
const MOST_ASKED = 64;

/** What a reading has asked a process for and not had yet. */
interface Reading {
  readonly queue: Iterator<string>;
  readonly asked: string[];
  /** A content that is on its way to the reader in chunks. */
  isInContent: boolean;
  deaths: number;
  /** What every object has to be; anything else is damage that may be repaired, and not an answer. */
  expected: ObjectType | undefined;
}

/** An object is not here that has to be, or is of another type than it has to be. */
class ObjectMissing extends Error {
  override readonly name = 'ObjectMissing';
}

export interface ReadOptions {
  /** The type of objects that have to be here, because others lead to them. */
  readonly expected?: ObjectType | undefined;
}

/**
 * Asks git for objects by name, in order, several ahead. A name is a hex id, perhaps short, with `^{commit}` or the like behind
 * it. A process that dies is replaced and reading goes on where it was; each content must be used up before the next is
 * taken. When git ends again and again on the same object, or does not find one that is expected, the source is repaired
 * once.
 *
 * @throws RepositoryError `unreadable` when that does not help
 */
export async function* askObjects(
  source: ObjectSource,
  lane: Lane,
  names: Iterable<string>,
  signal: AbortSignal,
  { expected }: ReadOptions = {},
): AsyncGenerator<GitObject, void, undefined> {
  const startedAt = performance.now();
  let repair = source.repair;
  const reading: Reading = {
    queue: names[Symbol.iterator](),
    asked: [],
    isInContent: false,
    deaths: 0,
    expected: repair === undefined ? undefined : expected,
  };
  for (;;) {
    let damage: Error | undefined;
    if (reading.asked.length === 0 && takeGroup(reading).length === 0) return;
    const process = await source.pool.lease(source.gitDir, lane, signal);
    const onAbort = () => process.kill();
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      ask(process, reading.asked);
      yield* answers(process, reading, (id, offset) => resumeContent(source, id, offset, signal), lane);
      return;
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof ObjectMissing) damage = error;
      else if (!(error instanceof CatFileDied)) throw error;
      else if (++reading.deaths >= MOST_DEATHS) damage = error;
    } finally {
      signal.removeEventListener('abort', onAbort);
      source.pool.release(process, lane, reading.asked.length === 0 && !reading.isInContent);
      reading.isInContent = false;
    }
    if (damage === undefined) continue;
    if (repair === undefined) throw unreadableObject(reading.asked[0], damage);
    await repair(startedAt, signal);
    repair = undefined;
    reading.deaths = 0;
    reading.expected = undefined;
  }
}

type Rest = (id: string, offset: number) => AsyncIterable<Buffer>;

async function* answers(process: CatFile, reading: Reading, rest: Rest, lane: Lane): AsyncGenerator<GitObject> {
  for (;;) {
    if (reading.asked.length <= MOST_ASKED - GROUP) ask(process, takeGroup(reading));
    if (reading.asked.length === 0) return;
    const header = parseHeader(await process.line());
    if (reading.expected !== undefined && (!header.found || header.type !== reading.expected)) {
      throw new ObjectMissing(`git does not find this ${reading.expected}`);
    }
    if (!header.found) {
      reading.asked.shift();
      yield header;
    } else if (header.sizeBytes <= INLINE_BYTES[lane]) {
      const bytes = await process.take(header.sizeBytes);
      await process.take(1);
      reading.asked.shift();
      yield { ...header, bytes };
    } else {
      reading.asked.shift();
      yield* inChunks(process, header, reading, rest);
    }
    reading.deaths = 0;
  }
}

async function* inChunks(
  process: CatFile,
  header: ObjectHeader,
  reading: Reading,
  rest: Rest,
): AsyncGenerator<GitObject> {
  reading.isInContent = true;
  const content = chunkedContent(process, header.sizeBytes, (offset) => rest(header.id, offset));
  yield { ...header, bytes: content.chunks };
  await content.skipRest();
  await process.take(1);
  reading.isInContent = false;
}

/** Takes the next names, which from now on count as asked. */
function takeGroup({ queue, asked }: Reading): readonly string[] {
  const group: string[] = [];
  while (group.length < GROUP) {
    const next = queue.next();
    if (next.done === true) break;
    group.push(next.value);
  }
  asked.push(...group);
  return group;
}

function ask(process: CatFile, names: readonly string[]): void {
  if (names.length > 0) process.send(`${names.map((name) => `contents ${name}\n`).join('')}flush\n`);
}
