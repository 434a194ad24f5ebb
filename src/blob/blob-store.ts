/**
 * Keeps immutable bytes under a key. A blob is visible under its key whole or not at all, never changes afterwards, and
 * survives `kill -9` and loss of power from the moment {@link BlobWriter.commit} has answered.
 *
 * A key is `[a-z0-9][a-z0-9.-]{1,99}`. Foreign errors are thrown as {@link BlobError}.
 */
export interface BlobStore {
  /** Begins a new blob. A key that was committed before is replaced by nobody: commit fails with `exists`. */
  create(key: string): Promise<BlobWriter>;
  /** The size of a blob in bytes, or undefined when there is none. */
  findSize(key: string): Promise<number | undefined>;
  /**
   * The bytes from `start` up to and including `end`, in large chunks. A chunk keeps its bytes until the next one is
   * asked for. Whoever was given them reads them, to the end or until it gives up, as `for await` does.
   *
   * @throws BlobError `missing`
   */
  read(key: string, range: { readonly start: number; readonly end: number }): Promise<AsyncIterable<Uint8Array>>;
  /** Deletes a blob for good; whoever is reading it may finish. @returns whether there was one */
  delete(key: string): Promise<boolean>;
  /** Every key, in no order. */
  list(): AsyncIterable<string>;
  /** Deletes what writers left behind that never committed. Only to be called when no writer is open. */
  sweep(): Promise<number>;
}

export interface BlobWriter {
  /** Appends. Resolves when more may be written; the chunk must not be changed before that. */
  write(chunk: Uint8Array): Promise<void>;
  /** Makes the blob durable and visible. @throws BlobError `exists`, `full` */
  commit(): Promise<WrittenBlob>;
  /** Throws away what was written. May be called at any time, any number of times; after commit it does nothing. */
  abort(): Promise<void>;
}

export interface WrittenBlob {
  readonly sizeBytes: number;
  /** SHA-256 of the bytes, in lower-case hex. */
  readonly sha256: string;
}

export class BlobError extends Error {
  override readonly name = 'BlobError';
  readonly kind: 'missing' | 'exists' | 'full';

  constructor(kind: 'missing' | 'exists' | 'full', message: string, options: { readonly cause?: unknown } = {}) {
    super(message, options);
    this.kind = kind;
  }
}
