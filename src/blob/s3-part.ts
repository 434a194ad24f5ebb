import { createHash } from 'node:crypto';

/**
 * At least 5 MiB, but for the last part: https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html. Larger ones are
 * fewer requests, and more memory for each writer.
 */
export const PART_BYTES = 8 * 1024 * 1024;
/** Most blobs are small: logs, and many packages. Room for a whole part for each would keep the garbage collector busy. */
const FIRST_BYTES = 64 * 1024;

/** Bytes that are sent with one request, gathered and hashed while they come. */
export class S3Part {
  #buffer = Buffer.alloc(0);
  readonly #hash = createHash('sha256');
  #length = 0;

  /** Takes as much of a chunk as there is room for. @returns the rest */
  take(chunk: Uint8Array): Uint8Array {
    const taken = chunk.subarray(0, PART_BYTES - this.#length);
    this.#makeRoom(this.#length + taken.byteLength);
    this.#buffer.set(taken, this.#length);
    this.#hash.update(taken);
    this.#length += taken.byteLength;
    return chunk.subarray(taken.byteLength);
  }

  get isFull(): boolean {
    return this.#length === PART_BYTES;
  }

  /** The bytes with their SHA-256 in hex. To be called once: nothing is taken afterwards. */
  close(): ClosedPart {
    return { bytes: this.#buffer.subarray(0, this.#length), sha256: this.#hash.digest('hex') };
  }

  #makeRoom(bytes: number): void {
    if (bytes <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.min(PART_BYTES, Math.max(bytes, 2 * this.#buffer.length, FIRST_BYTES)));
    larger.set(this.#buffer.subarray(0, this.#length));
    this.#buffer = larger;
  }
}

export interface ClosedPart {
  readonly bytes: Uint8Array;
  readonly sha256: string;
}
