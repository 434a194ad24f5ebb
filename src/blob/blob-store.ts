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
  /**
   * Deletes a blob for good; whoever is reading it may finish, unless the connection breaks that it comes by.
   *
   * @returns whether there was one
   */
  delete(key: string): Promise<boolean>;
  /** Every key, in no order. */
  list(): AsyncIterable<string>;
  /**
   * Deletes what writers left behind that never committed. Only to be called when this process has no writer open. Where
   * others may be writing to the same store, only what was begun more than a day ago is taken for left behind.
   *
   * @returns how much was deleted
   */
  sweep(): Promise<number>;
  /**
   * An address of the store itself, from which anybody gets the blob with a GET until it expires; a store that others cannot
   * reach has none. Whether there is such a blob is not looked up.
   */
  link?(key: string, link: BlobLink): Promise<string>;
}

export interface BlobLink {
  readonly expiresInSeconds: number;
  /** The header Content-Disposition of the answer. */
  readonly contentDisposition: string;
}

export interface BlobWriter {
  /** Appends. Resolves when more may be written; the chunk must not be changed before that. */
  write(chunk: Uint8Array): Promise<void>;
  /** Makes the blob durable and visible. @throws BlobError `exists`, `full`, `unavailable` */
  commit(): Promise<WrittenBlob>;
  /** Throws away what was written. May be called at any time, any number of times; after commit it does nothing. */
  abort(): Promise<void>;
}

export interface WrittenBlob {
  readonly sizeBytes: number;
  /** SHA-256 of the bytes, in lower-case hex. */
  readonly sha256: string;
}

/** `unavailable`: the store did not answer, or refused the server; trying again later may help. */
export type BlobErrorKind = 'missing' | 'exists' | 'full' | 'unavailable';

export class BlobError extends Error {
  override readonly name = 'BlobError';
  readonly kind: BlobErrorKind;

  constructor(kind: BlobErrorKind, message: string, options: { readonly cause?: unknown } = {}) {
    super(message, options);
    this.kind = kind;
  }
}
