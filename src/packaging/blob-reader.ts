import { RandomAccessReader } from 'yauzl';
import type { BlobStore } from '../blob/blob-store.ts';

/** A directory is read by some dozen bytes at a time, forwards; and each read of a blob opens it. */
const WINDOW_BYTES = 256 * 1024;

/** Reads a blob at any place, as the zip library asks for it, through one window that moves along. */
export class BlobReader extends RandomAccessReader {
  readonly #blobs: Pick<BlobStore, 'read'>;
  readonly #key: string;
  readonly #sizeBytes: number;
  #window: Buffer = Buffer.alloc(0);
  #windowStart = 0;
  #failure: Error | undefined;

  constructor(blobs: Pick<BlobStore, 'read'>, key: string, sizeBytes: number) {
    super();
    this.#blobs = blobs;
    this.#key = key;
    this.#sizeBytes = sizeBytes;
  }

  /** Why the blob could not be read, where it could not; the zip library throws it among errors of its own. */
  get failure(): Error | undefined {
    return this.#failure;
  }

  override read(
    buffer: Buffer,
    offset: number,
    length: number,
    position: number,
    callback: (error: Error | null, bytesRead?: number) => void,
  ): void {
    this.readAt(position, length).then(
      (bytes) => callback(null, bytes.copy(buffer, offset)),
      (error: Error) => {
        this.#failure = error;
        callback(error);
      },
    );
  }

  /**
   * So many bytes from a place; fewer where the blob ends. They stay as they are until the next call.
   *
   * @throws BlobError
   */
  async readAt(position: number, length: number): Promise<Buffer> {
    const end = Math.min(position + length, this.#sizeBytes);
    if (position >= end) return Buffer.alloc(0);
    if (position < this.#windowStart || end > this.#windowStart + this.#window.length) {
      this.#window = await this.#load(position, Math.max(end, Math.min(position + WINDOW_BYTES, this.#sizeBytes)));
      this.#windowStart = position;
    }
    return this.#window.subarray(position - this.#windowStart, end - this.#windowStart);
  }

  async #load(start: number, end: number): Promise<Buffer> {
    const window = Buffer.allocUnsafeSlow(end - start);
    let used = 0;
    for await (const chunk of await this.#blobs.read(this.#key, { start, end: end - 1 })) {
      window.set(chunk, used);
      used += chunk.byteLength;
    }
    return window;
  }
}
