import { type FileHandle, mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { codeOf } from '../files/file-errors.ts';
import type { BuildLogWriter } from './build-log.ts';

export interface LogLimits {
  readonly clock: () => number;
  /** A log that reaches this size says so and takes no more. */
  readonly mostBytes: number;
  /** Told once of each writer that could not write; the build goes on. Must not throw. */
  readonly onError: (error: unknown) => void;
}

/** Lines that wait to be written together; more than this is more than the disk keeps up with. */
const MOST_WAITING_BYTES = 4 * 1024 * 1024;
/** A build that is over sooner has its whole log written at once. */
const WRITE_AFTER_MS = 10;

/** Writes one log in the background, in order. */
export class FileBuildLogWriter implements BuildLogWriter {
  readonly #path: string;
  readonly #limits: LogLimits;
  readonly #onWritten: () => void;
  #waiting: string[] = [];
  #waitingBytes = 0;
  #droppedLines = 0;
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
    this.#onWritten = onWritten;
  }

  line(text: string): void {
    if (this.#closed) return;
    for (const part of text.split(/\r\n|\n|\r/)) this.#add(this.#stamped(makeHarmless(part)));
    this.#timer ??= setTimeout(() => this.flush(), WRITE_AFTER_MS);
  }

  flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#written = this.#written.then(() => this.#writeWaiting()).catch((error) => this.#report(error));
    return this.#written;
  }

  close(): Promise<void> {
    this.#closed = true;
    this.#written = this.flush()
      .then(() => this.#handle?.close())
      .catch((error) => this.#report(error));
    return this.#written;
  }

  #add(line: string): void {
    if (this.#waitingBytes >= MOST_WAITING_BYTES) {
      this.#droppedLines += 1;
      return;
    }
    this.#waiting.push(line);
    this.#waitingBytes += line.length;
  }

  async #writeWaiting(): Promise<void> {
    if (this.#waiting.length === 0) return;
    // Opened before the lines are taken, so that those which come meanwhile go along.
    this.#handle ??= await this.#open();
    this.#sizeBytes ??= (await this.#handle.stat()).size;
    await this.#append(this.#handle, this.#cut(Buffer.from(this.#takeWaiting()), this.#sizeBytes));
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
      this.#waiting.unshift(`\n${this.#stamped('… lines are missing here: the log could not be written.')}`);
      throw error;
    }
  }

  #takeWaiting(): string {
    const lines = this.#waiting;
    if (this.#droppedLines > 0) {
      lines.push(this.#stamped(`… ${this.#droppedLines} lines were dropped: the disk did not keep up.`));
    }
    this.#waiting = [];
    this.#waitingBytes = 0;
    this.#droppedLines = 0;
    return lines.join('');
  }

  /** What of the bytes the log still takes. */
  #cut(bytes: Buffer, sizeBytes: number): Buffer {
    const { mostBytes } = this.#limits;
    const room = Math.max(0, mostBytes - sizeBytes);
    if (bytes.length < room || room === 0) return bytes.subarray(0, room);
    const note = `\n${this.#stamped(`… the log has reached ${mostBytes} bytes: nothing more is kept.`)}`;
    return Buffer.concat([bytes.subarray(0, room), Buffer.from(note)]);
  }

  #report(error: unknown): void {
    if (!this.#reported) this.#limits.onError(error);
    this.#reported = true;
  }

  #stamped(text: string): string {
    return `${new Date(this.#limits.clock()).toISOString()} ${text}\n`;
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

/** Control characters, which a terminal would obey, become visible; tabs stay. */
function makeHarmless(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is replaced
  return text.replace(/[\u0000-\u0008\u000a-\u001f\u007f-\u009f]/g, '\ufffd');
}
