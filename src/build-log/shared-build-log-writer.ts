import { setTimeout as pause } from 'node:timers/promises';
import { appendToLog, findLogSize } from '../database/build-log-chunks.ts';
import type { Database } from '../database/database.ts';
import { DatabaseUnavailable } from '../database/database-unavailable.ts';
import type { PackageId } from '../domain/identifiers.ts';
import type { BuildLogWriter, LogLimits } from './build-log.ts';
import { cutToFit, fullNote, splitText } from './cut-text.ts';
import { WaitingLines } from './waiting-lines.ts';

export interface SharedBuildLogWriterOptions extends LogLimits {
  readonly packageId: PackageId;
  readonly attempt: number;
  readonly database: Pick<Database, 'read' | 'transaction'>;
  /** Called once everything is written, and nothing will be any more. */
  readonly onWhole: (signal: AbortSignal | undefined) => Promise<void>;
}

/** A line after a silence is shown at once; a build that is over sooner has its whole log written in one. */
const WRITE_AFTER_MS = 10;
/** Between two writes, so that a build that talks all the time makes seven a second. */
const GATHER_MS = 150;
/**
 * And so many times as long as the last one took, where that is more: all who write to the database take turns, and
 * where logs are most of it they make fewer and larger writes instead of a long queue.
 */
const GATHER_TIMES = 10;
/** Whoever follows a log waits no longer, whatever held up the last write. */
const MOST_GATHER_MS = 2000;
/** So much does not wait. */
const MUCH_CHARACTERS = 64 * 1024;
/** Whoever adds more has to wait: what does not fit is dropped. */
const READY_BELOW_CHARACTERS = 1024 * 1024;
/** In one transaction: other writers wait for it. */
const BATCH_CHARACTERS = 512 * 1024;
const CHUNK_BYTES = 64 * 1024;
/** After a write that failed. */
const RETRY_MS = 1000;
/** A write that only just broke off is made again while closing. */
const CLOSE_PATIENCE_MS = 10_000;

interface Batch {
  readonly texts: readonly string[];
  readonly isRepeated: boolean;
}

/**
 * Writes the log of one attempt into the shared database, in the background and in order. While the database is away,
 * lines wait, as many as fit. Once another attempt has begun, or the package is gone, nothing is written any more.
 */
export class SharedBuildLogWriter implements BuildLogWriter {
  readonly #options: SharedBuildLogWriterOptions;
  readonly #waiting: WaitingLines;
  /** Taken out of what waits, and not known to be written. */
  #batch: Batch | undefined;
  /** Where the log ends. */
  #position: number | undefined;
  /** Resolves when what was begun so far has ended. */
  #written: Promise<void> = Promise.resolve();
  #passes = 0;
  #writtenAt = Number.NEGATIVE_INFINITY;
  /** How long the last write took. */
  #writeMs = 0;
  #timer: NodeJS.Timeout | undefined;
  /** What the last write threw. */
  #failure: unknown;
  #isReported = false;
  #isOthers = false;
  #closing: Promise<void> | undefined;

  constructor(options: SharedBuildLogWriterOptions) {
    this.#options = options;
    this.#waiting = new WaitingLines({ clock: options.clock, writtenTo: 'database' });
  }

  line(text: string): void {
    if (this.#closing !== undefined || this.#isOthers) return;
    this.#waiting.add(text);
    this.#writeSoon();
  }

  flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#passes += 1;
    this.#written = this.#written.then(() => this.#pass());
    return this.#written;
  }

  async ready(): Promise<void> {
    if (this.#waiting.characters >= READY_BELOW_CHARACTERS && this.#failure === undefined) await this.flush();
  }

  close(signal?: AbortSignal): Promise<void> {
    this.#closing ??= this.#close(signal);
    return this.#closing;
  }

  get #isWritten(): boolean {
    return this.#batch === undefined && this.#waiting.isEmpty;
  }

  #writeSoon(): void {
    // Whoever writes looks again afterwards.
    if (this.#passes > 0 || this.#isWritten || this.#closing !== undefined) return;
    if (this.#failure === undefined && this.#waiting.characters >= MUCH_CHARACTERS) void this.flush();
    else this.#timer ??= setTimeout(() => this.flush(), this.#delayMs());
  }

  #delayMs(): number {
    if (this.#failure !== undefined) return RETRY_MS;
    const gatherMs = Math.min(Math.max(GATHER_MS, GATHER_TIMES * this.#writeMs), MOST_GATHER_MS);
    return Math.max(WRITE_AFTER_MS, this.#writtenAt + gatherMs - performance.now());
  }

  /** Writes what waits by now. Never rejects. */
  async #pass(): Promise<void> {
    try {
      for (let left = this.#waiting.characters; this.#batch !== undefined || left > 0; ) {
        this.#position ??= await findLogSize(this.#options.database.read, this.#options.packageId);
        if (this.#batch === undefined) {
          const text = this.#waiting.take(Math.min(left, BATCH_CHARACTERS));
          left -= text.length;
          this.#batch = { texts: this.#cut(text, this.#position), isRepeated: false };
        }
        await this.#append(this.#batch, this.#position);
      }
      this.#failure = undefined;
    } catch (error) {
      this.#failure = error;
      // That it is away is known to everybody, and nothing is lost yet.
      if (!(error instanceof DatabaseUnavailable)) this.#report(error);
    }
    this.#passes -= 1;
    this.#writeSoon();
  }

  /** What of a text the log still takes. */
  #cut(text: string, sizeBytes: number): string[] {
    const { mostBytes } = this.#options;
    const note = this.#waiting.stamp(fullNote(mostBytes));
    return splitText(cutToFit(Buffer.from(text), { sizeBytes, mostBytes, note }).toString(), CHUNK_BYTES);
  }

  async #append(batch: Batch, position: number): Promise<void> {
    const { packageId, attempt, database } = this.#options;
    if (batch.texts.length > 0 && !this.#isOthers) {
      this.#batch = { ...batch, isRepeated: true };
      const began = performance.now();
      const end = await database.transaction(
        (queries) => appendToLog(queries, { packageId, attempt, position, ...batch }),
        'relaxed',
      );
      this.#isOthers = end === undefined;
      this.#position = end ?? position;
      this.#writtenAt = performance.now();
      this.#writeMs = this.#writtenAt - began;
    }
    this.#batch = undefined;
  }

  async #close(signal: AbortSignal | undefined): Promise<void> {
    const ends = performance.now() + CLOSE_PATIENCE_MS;
    const isPatient = () => signal?.aborted !== true && performance.now() < ends;
    await this.flush();
    while (!this.#isWritten && this.#failure instanceof DatabaseUnavailable && isPatient()) {
      await pause(RETRY_MS);
      await this.flush();
    }
    if (!this.#isWritten) return this.#report(this.#failure);
    try {
      await this.#options.onWhole(signal);
    } catch (error) {
      if (signal?.aborted !== true) this.#report(error);
    }
  }

  #report(error: unknown): void {
    if (!this.#isReported) this.#options.onError(error);
    this.#isReported = true;
  }
}
