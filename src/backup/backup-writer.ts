import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { createTarPacker } from 'modern-tar';
import { SUMS } from './backup-format.ts';

/** Where a backup goes. Resolves when more may be written. */
export type BackupOutput = (chunk: Uint8Array) => Promise<void>;

export interface AddedMember {
  /** Of what was written. */
  readonly sha256: string;
  /** Why the content could not be read to its end; zeros are in the place of the rest. */
  readonly failure?: unknown;
}

/**
 * Writes a backup from front to back. Memory does not grow with it: some megabytes wait for the output, and the checksums
 * of its members wait in a file until they are written, at its end.
 */
export class BackupWriter {
  readonly #tar = createTarPacker();
  readonly #written: Promise<void>;
  readonly #mtime: Date;
  readonly #sums: FileHandle;
  #lines = '';

  private constructor(output: BackupOutput, modifiedAt: number, sums: FileHandle) {
    this.#written = this.#tar.readable.pipeTo(new WritableStream({ write: output }));
    // Whoever adds or finishes learns of it.
    this.#written.catch(() => undefined);
    this.#mtime = new Date(modifiedAt);
    this.#sums = sums;
  }

  /**
   * @param createdAt the time of every member, in milliseconds since 1970
   * @param sumsFile made anew, for the checksums; whoever named it deletes it
   */
  static async open(output: BackupOutput, createdAt: number, sumsFile: string): Promise<BackupWriter> {
    return new BackupWriter(output, createdAt, await open(sumsFile, 'wx+', 0o600));
  }

  /**
   * Appends a member. A content that cannot be read to its end is made up for and reported; one that has not even a
   * first chunk is not begun.
   *
   * @returns undefined where nothing was appended
   * @throws what the output throws
   */
  async add(name: string, sizeBytes: number, content: AsyncIterable<Uint8Array>): Promise<AddedMember | undefined> {
    const chunks = content[Symbol.asyncIterator]();
    try {
      const first = sizeBytes === 0 ? undefined : await readNext(chunks);
      if (first !== undefined && !('chunk' in first)) return undefined;
      return await this.#writeContent(name, sizeBytes, chunks, first);
    } finally {
      await chunks.return?.();
    }
  }

  /** Appends a member that is in memory. */
  async addBytes(name: string, bytes: Uint8Array): Promise<void> {
    await this.add(name, bytes.length, only(bytes));
  }

  /** Appends the checksums and the end. Nothing may be added afterwards. @throws what the output throws */
  async finish(): Promise<void> {
    await this.#flushLines();
    const { size } = await this.#sums.stat();
    const member = this.#begin(SUMS, size);
    for await (const chunk of this.#sums.createReadStream({ start: 0, autoClose: false })) await member.write(chunk);
    await member.close();
    this.#tar.controller.finalize();
    await this.#written;
  }

  /** What was not finished is given up. */
  async close(): Promise<void> {
    this.#tar.controller.error(new Error('The backup was given up.'));
    await this.#written.catch(() => undefined);
    await this.#sums.close();
  }

  #begin(name: string, size: number): WritableStreamDefaultWriter<Uint8Array> {
    return this.#tar.controller.add({ name, size, mode: 0o600, mtime: this.#mtime }).getWriter();
  }

  async #writeContent(
    name: string,
    sizeBytes: number,
    chunks: AsyncIterator<Uint8Array>,
    first: ReadChunk | undefined,
  ): Promise<AddedMember> {
    const member = this.#begin(name, sizeBytes);
    const hash = createHash('sha256');
    let left = sizeBytes;
    let next = first;
    while (left > 0 && next !== undefined && 'chunk' in next) {
      // A copy, because it may wait for the output longer than a reader keeps it.
      const chunk = Buffer.from(next.chunk.subarray(0, left));
      hash.update(chunk);
      await member.write(chunk);
      left -= chunk.length;
      next = left > 0 ? await readNext(chunks) : undefined;
    }
    const cause = next !== undefined && 'failure' in next ? next.failure : undefined;
    const failure = left > 0 ? { failure: cause ?? new Error(`'${name}' is ${left} bytes short.`) } : {};
    for (; left > 0; left -= Math.min(left, ZEROS.length)) {
      const zeros = ZEROS.subarray(0, left);
      hash.update(zeros);
      await member.write(zeros);
    }
    await member.close();
    const sha256 = hash.digest('hex');
    await this.#keepLine(`${sha256}  ${name}\n`);
    return { sha256, ...failure };
  }

  async #keepLine(line: string): Promise<void> {
    this.#lines += line;
    if (this.#lines.length > 64 * 1024) await this.#flushLines();
  }

  async #flushLines(): Promise<void> {
    await this.#sums.appendFile(this.#lines);
    this.#lines = '';
  }
}

const ZEROS = new Uint8Array(64 * 1024);

type ReadChunk = { readonly chunk: Uint8Array } | { readonly failure: unknown };

async function readNext(chunks: AsyncIterator<Uint8Array>): Promise<ReadChunk> {
  try {
    const { done, value } = await chunks.next();
    return done === true ? { failure: undefined } : { chunk: value };
  } catch (failure) {
    return { failure };
  }
}

async function* only(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
