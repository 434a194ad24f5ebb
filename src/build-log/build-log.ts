/**
 * The log of each build: lines of UTF-8 text, kept until its package is deleted. Appending never fails a build: what
 * cannot be written (a full disk) is dropped and said once in the server's own log.
 */
export interface BuildLog {
  /** Opens a log for appending; a later attempt appends to the same log. */
  open(packageId: string): BuildLogWriter;
  /** Bytes written so far; 0 when there is no log. */
  size(packageId: string): Promise<number>;
  /** The bytes from `start` up to, and not including, `end`. */
  read(packageId: string, range: { readonly start: number; readonly end: number }): Promise<AsyncIterable<Uint8Array>>;
  /**
   * Yields what is there from byte `start` on and then what is appended, as it comes, until the signal fires or the log
   * is deleted.
   */
  follow(packageId: string, start: number, signal: AbortSignal): AsyncIterable<Uint8Array>;
  delete(packageId: string): Promise<void>;
  list(): AsyncIterable<string>;
}

export interface BuildLogWriter {
  /** Adds one line, stamped with the time. Returns at once; the order of lines is kept. */
  line(text: string): void;
  /** Resolves when everything added so far can be read. */
  flush(): Promise<void>;
  close(): Promise<void>;
}
