import { type FileHandle, mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { codeOf } from '../files/file-errors.ts';
import type { BuildLogWriter, LogLimits } from './build-log.ts';
import { cutToFit, fullNote } from './cut-text.ts';
import { WaitingLines } from './waiting-lines.ts';

/** A build that is over sooner has its whole log written at once. */
const WRITE_AFTER_MS = 10;

/** Writes one log in the background, in order. */
export class FileBuildLogWriter implements BuildLogWriter {
  readonly #path: string;
  readonly #limits: LogLimits;
  readonly #onWritten: () => void;
  readonly #waiting: WaitingLines;
  #timer: NodeJS.Timeout | undefined;
  /** Resolves when what was begun so far has been written. */
  #written: Promise<void> = Promise.resolve();
  #handle: FileHandle | undefined;
  #sizeBytes: number | undefined;
  #reported = false;
  #closed = false;

  constructor(path: string, limits: LogLimits, onWritten: () => void) {
    this.#path = path;
    this.#limits = limits;
    this.#waiting = new WaitingLines({ clock: limits.clock, writtenTo: 'disk' });
    this.#onWritten = onWritten;
  }

  line(text: string): void {
    if (this.#closed) return;
    this.#waiting.add(text);
    this.#timer ??= setTimeout(() => this.flush(), WRITE_AFTER_MS);
  }

  flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#written = this.#written.then(() => this.#writeWaiting()).catch((error) => this.#report(error));
    return this.#written;
  }

  ready(): Promise<void> {
    return this.flush();
  }

  close(): Promise<void> {
    this.#closed = true;
    this.#written = this.flush()
      .then(() => this.#handle?.close())
      .catch((error) => this.#report(error));
    return this.#written;
  }

  async #writeWaiting(): Promise<void> {
    if (this.#waiting.isEmpty) return;
    // Opened before the lines are taken, so that those which come meanwhile go along.
    this.#handle ??= await this.#open();
    this.#sizeBytes ??= (await this.#handle.stat()).size;
    await this.#append(this.#handle, this.#cut(this.#waiting.take(), this.#sizeBytes));
    this.#onWritten();
  }

  /** Most logs are new, and a file that was not there is empty. */
  async #open(): Promise<FileHandle> {
    try {
      const handle = await openFile(this.#path, 'ax');
      this.#sizeBytes = 0;
      return handle;
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error;
      return openFile(this.#path, 'a');
    }
  }

  async #append(handle: FileHandle, bytes: Buffer): Promise<void> {
    try {
      await handle.appendFile(bytes);
      this.#sizeBytes = (this.#sizeBytes ?? 0) + bytes.length;
    } catch (error) {
      // Half a line may have been written; nobody knows how much.
      this.#sizeBytes = undefined;
      this.#waiting.putFirst(`\n${this.#waiting.stamp('… lines are missing here: the log could not be written.')}`);
      throw error;
    }
  }

  /** What of a text the log still takes. */
  #cut(text: string, sizeBytes: number): Buffer {
    const { mostBytes } = this.#limits;
    const note = this.#waiting.stamp(fullNote(mostBytes));
    return cutToFit(Buffer.from(text), { sizeBytes, mostBytes, note });
  }

  #report(error: unknown): void {
    if (!this.#reported) this.#limits.onError(error);
    this.#reported = true;
  }
}

async function openFile(path: string, flags: 'a' | 'ax'): Promise<FileHandle> {
  try {
    return await open(path, flags, 0o640);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
    await mkdir(dirname(path), { recursive: true });
    return open(path, flags, 0o640);
  }
}
