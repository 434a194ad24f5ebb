import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { SUMS } from './backup-format.ts';
import { BLOCK_BYTES, paddingOf, tarHeader } from './tar-header.ts';

/** Where a backup goes. Resolves when more may be written; the chunk is not kept. */
export type BackupOutput = (chunk: Uint8Array) => Promise<void>;

export interface AddedMember {
  /** Of what was written. */
  readonly sha256: string;
  /** Why the content could not be read to its end; zeros are in the place of the rest. */
  readonly failure?: unknown;
}

/**
 * Writes a backup from front to back. Memory does not grow with it: the checksums of its members wait in a file until
 * they are written, at its end.
 */
export class BackupWriter {
  readonly #output: BackupOutput;
  readonly #modifiedAt: number;
  readonly #sums: FileHandle;
  #lines = '';
  #padding = 0;

  private constructor(output: BackupOutput, modifiedAt: number, sums: FileHandle) {
    this.#output = output;
    this.#modifiedAt = modifiedAt;
    this.#sums = sums;
  }

  /**
   * @param createdAt the time of every member, in milliseconds since 1970
   * @param sumsFile made anew, for the checksums; whoever named it deletes it
   */
  static async open(output: BackupOutput, createdAt: number, sumsFile: string): Promise<BackupWriter> {
    return new BackupWriter(output, Math.floor(createdAt / 1000), await open(sumsFile, 'wx+', 0o600));
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
      await this.#begin(name, sizeBytes);
      return await this.#writeContent(name, sizeBytes, chunks, first);
    } finally {
      await chunks.return?.();
    }
  }

  /** Appends a member that is in memory. */
  async addBytes(name: string, bytes: Uint8Array): Promise<void> {
    await this.add(name, bytes.length, only(bytes));
  }

  /** Appends the checksums and the end. Nothing may be added afterwards. */
  async finish(): Promise<void> {
    await this.#flushLines();
    const { size } = await this.#sums.stat();
    await this.#begin(SUMS, size);
    if (size > 0) {
      for await (const chunk of this.#sums.createReadStream({ start: 0, autoClose: false })) await this.#output(chunk);
    }
    this.#padding = paddingOf(size);
    await this.#output(Buffer.alloc(this.#padding + 2 * BLOCK_BYTES));
  }

  async close(): Promise<void> {
    await this.#sums.close();
  }

  async #begin(name: string, sizeBytes: number): Promise<void> {
    const header = tarHeader({ name, sizeBytes, modifiedAt: this.#modifiedAt });
    await this.#output(this.#padding === 0 ? header : Buffer.concat([Buffer.alloc(this.#padding), header]));
    this.#padding = paddingOf(sizeBytes);
  }

  async #writeContent(
    name: string,
    sizeBytes: number,
    chunks: AsyncIterator<Uint8Array>,
    first: ReadChunk | undefined,
  ): Promise<AddedMember> {
    const hash = createHash('sha256');
    let left = sizeBytes;
    let next = first;
    while (left > 0 && next !== undefined && 'chunk' in next) {
      const chunk = next.chunk.subarray(0, left);
      // Hashed while the disk is at work.
      const written = this.#output(chunk);
      hash.update(chunk);
      await written;
      left -= chunk.length;
      next = left > 0 ? await readNext(chunks) : undefined;
    }
    const cause = next !== undefined && 'failure' in next ? next.failure : undefined;
    const failure = left > 0 ? { failure: cause ?? new Error(`'${name}' is ${left} bytes short.`) } : {};
    for (; left > 0; left -= Math.min(left, ZEROS.length)) {
      const zeros = ZEROS.subarray(0, left);
      hash.update(zeros);
      await this.#output(zeros);
    }
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

const ZEROS = Buffer.alloc(64 * 1024);

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
