import { type FileHandle, mkdir, open, opendir, stat, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import type { BuildLog, BuildLogWriter } from './build-log.ts';

export interface FileBuildLogOptions {
  readonly folder: string;
  readonly clock: () => number;
  /** A log that grows beyond this says so and takes no more. */
  readonly mostBytes: number;
  /** Told when a log could not be written; the build goes on. */
  readonly onError: (error: unknown) => void;
}

const READ_CHUNK_BYTES = 64 * 1024;

/** Logs as files: `<folder>/<first two characters>/<package id>.log`. Not synced: a loss of power may cost last lines. */
export async function openFileBuildLog(options: FileBuildLogOptions): Promise<BuildLog> {
  const { folder } = options;
  await mkdir(folder, { recursive: true });
  const followers = new Followers();
  const pathOf = (packageId: string) => join(folder, packageId.slice(0, 2), `${packageId}.log`);
  const size = async (packageId: string) =>
    (await orUndefined(stat(pathOf(packageId)).then((stats) => stats.size))) ?? 0;
  return {
    open: (packageId) => new FileBuildLogWriter(pathOf(packageId), options, () => followers.wake(packageId)),
    size,
    async read(packageId, { start, end }) {
      const handle = end > start ? await orUndefined(open(pathOf(packageId), 'r')) : undefined;
      return handle?.createReadStream({ start, end: end - 1, highWaterMark: READ_CHUNK_BYTES }) ?? Readable.from([]);
    },
    async *follow(packageId, start, signal) {
      const follower = followers.add(packageId, signal);
      let position = start;
      try {
        for (;;) {
          // Asked before reading: what is appended before the end is read after it.
          const ended = follower.ended || signal.aborted;
          for await (const chunk of readFrom(pathOf(packageId), position)) {
            if (signal.aborted) return;
            position += chunk.byteLength;
            yield chunk;
          }
          if (ended) return;
          await follower.woken();
        }
      } finally {
        followers.remove(packageId, follower);
      }
    },
    end: (packageId) => followers.end(packageId),
    async delete(packageId) {
      await orUndefined(unlink(pathOf(packageId)));
    },
    list: () => listPackageIds(folder),
  };
}

/** Lines that wait to be written together; more than this is more than any disk keeps up with. */
const MOST_WAITING_BYTES = 8 * 1024 * 1024;

/** Writes one log in the background, in order. */
class FileBuildLogWriter implements BuildLogWriter {
  readonly #path: string;
  readonly #options: FileBuildLogOptions;
  readonly #onWritten: () => void;
  #waiting: string[] = [];
  #waitingBytes = 0;
  #dropped = 0;
  #handle: FileHandle | undefined;
  #sizeBytes = 0;
  #writing: Promise<void> | undefined;

  constructor(path: string, options: FileBuildLogOptions, onWritten: () => void) {
    this.#path = path;
    this.#options = options;
    this.#onWritten = onWritten;
  }

  line(text: string): void {
    const stamp = new Date(this.#options.clock()).toISOString();
    for (const part of text.split(/\r\n|\n|\r/)) this.#add(`${stamp} ${makeHarmless(part)}\n`);
    this.#writing ??= this.#writeWaiting();
  }

  async flush(): Promise<void> {
    await this.#writing;
  }

  async close(): Promise<void> {
    await this.#writing;
    await this.#handle?.close();
    this.#handle = undefined;
  }

  #add(line: string): void {
    if (this.#waitingBytes > MOST_WAITING_BYTES) {
      this.#dropped += 1;
      return;
    }
    if (this.#dropped > 0) this.#waiting.push(`… ${this.#dropped} lines were dropped: the disk did not keep up.\n`);
    this.#dropped = 0;
    this.#waiting.push(line);
    this.#waitingBytes += line.length;
  }

  async #writeWaiting(): Promise<void> {
    try {
      while (this.#waiting.length > 0) {
        // Lines of the same turn of the event loop are written at once.
        await undefined;
        const text = this.#waiting.join('');
        this.#waiting = [];
        this.#waitingBytes = 0;
        await this.#append(text);
      }
    } catch (error) {
      this.#waiting = [];
      this.#options.onError(error);
    } finally {
      this.#writing = undefined;
    }
  }

  async #append(text: string): Promise<void> {
    const { mostBytes } = this.#options;
    this.#handle ??= await this.#open();
    if (this.#sizeBytes >= mostBytes) return;
    const bytes = Buffer.from(text);
    this.#sizeBytes += bytes.byteLength;
    await this.#handle.appendFile(bytes);
    if (this.#sizeBytes >= mostBytes) {
      await this.#handle.appendFile(`… the log has reached ${mostBytes} bytes; nothing more is kept.\n`);
    }
    this.#onWritten();
  }

  async #open(): Promise<FileHandle> {
    const handle = await openForAppending(this.#path);
    this.#sizeBytes = (await handle.stat()).size;
    return handle;
  }
}

async function openForAppending(path: string): Promise<FileHandle> {
  const handle = await orUndefined(open(path, 'a', 0o640));
  if (handle !== undefined) return handle;
  await mkdir(dirname(path), { recursive: true });
  return open(path, 'a', 0o640);
}

/** Control characters, which a terminal would obey, become visible; tabs stay. */
function makeHarmless(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is replaced
  return text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, '\ufffd');
}

interface Follower {
  ended: boolean;
  /** Resolves once something was appended or ended since the last call. */
  woken(): Promise<void>;
  wake(): void;
}

/** Who waits for which log, within this process. */
class Followers {
  readonly #byPackage = new Map<string, Set<Follower>>();

  add(packageId: string, signal: AbortSignal): Follower {
    let { promise, resolve } = Promise.withResolvers<void>();
    const follower: Follower = {
      ended: false,
      async woken() {
        await promise;
        ({ promise, resolve } = Promise.withResolvers<void>());
      },
      wake: () => resolve(),
    };
    signal.addEventListener('abort', follower.wake, { once: true });
    this.#byPackage.set(packageId, (this.#byPackage.get(packageId) ?? new Set()).add(follower));
    return follower;
  }

  remove(packageId: string, follower: Follower): void {
    const set = this.#byPackage.get(packageId);
    set?.delete(follower);
    if (set?.size === 0) this.#byPackage.delete(packageId);
  }

  wake(packageId: string): void {
    for (const follower of this.#byPackage.get(packageId) ?? []) follower.wake();
  }

  end(packageId: string): void {
    for (const follower of this.#byPackage.get(packageId) ?? []) follower.ended = true;
    this.wake(packageId);
  }
}

async function* readFrom(path: string, start: number): AsyncGenerator<Buffer> {
  const handle = await orUndefined(open(path, 'r'));
  if (handle === undefined) return;
  yield* handle.createReadStream({ start, highWaterMark: READ_CHUNK_BYTES });
}

async function* listPackageIds(folder: string): AsyncGenerator<string> {
  for await (const shard of await opendir(folder)) {
    if (!shard.isDirectory()) continue;
    for await (const file of await opendir(join(folder, shard.name))) {
      if (file.name.endsWith('.log')) yield file.name.slice(0, -'.log'.length);
    }
  }
}

async function orUndefined<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
