/**
 * The log of each build: lines of UTF-8 text, kept until its package is deleted. Appending never fails a build: what
 * cannot be written (a full disk, a database that is away for long) is dropped and said once in the server's own log.
 * Where something stands is counted in bytes, and does not change when a log is kept in another form.
 */
export interface BuildLog {
  /** Opens a log for one attempt, which goes on where the one before ended. */
  open(packageId: string, attempt: number): BuildLogWriter;
  /** Bytes written so far; 0 when there is no log. */
  size(packageId: string): Promise<number>;
  /** The bytes from `start` up to, and not including, `end`. */
  read(packageId: string, range: { readonly start: number; readonly end: number }): Promise<AsyncIterable<Uint8Array>>;
  /**
   * Yields what is there from byte `start` on and then what is appended, as it comes, until the signal fires or the log
   * is deleted with its package.
   */
  follow(packageId: string, start: number, signal: AbortSignal): AsyncIterable<Uint8Array>;
  /** Deletes the log of a package that is gone. */
  delete(packageId: string): Promise<void>;
  list(): AsyncIterable<string>;
  /** Finishes the logs of builds that have ended and could not do so themselves. May run while builds do. */
  sweep(signal: AbortSignal): Promise<void>;
}

export interface BuildLogWriter {
  /** Adds one line, stamped with the time. Returns at once; the order of lines is kept. */
  line(text: string): void;
  /** Resolves when everything added so far can be read, or cannot be written for now. */
  flush(): Promise<void>;
  /** Resolves when more may be added: whoever adds much and does not wait has lines dropped. */
  ready(): Promise<void>;
  /**
   * Takes no more lines, and resolves when those before are written, and the log has the form that it is kept in. To be called
   * once the outcome stands.
   *
   * @param signal has it wait for nothing any more: what is written stays as it is until it is swept
   */
  close(signal?: AbortSignal): Promise<void>;
}

export interface LogLimits {
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  /** A log that reaches this size says so and takes no more. */
  readonly mostBytes: number;
  /** Told once of each writer that could not write; the build goes on. Must not throw. */
  readonly onError: (error: unknown) => void;
}
