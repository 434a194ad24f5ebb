import type { ReadStream, WriteStream } from 'node:tty';

/** What commands see of the world: given by `main`, which alone reads it. */
export interface Cli {
  readonly stdin: NodeJS.ReadableStream & Partial<Pick<ReadStream, 'isTTY' | 'setRawMode'>>;
  readonly stdout: NodeJS.WritableStream & Partial<Pick<WriteStream, 'isTTY' | 'columns'>>;
  readonly stderr: NodeJS.WritableStream & Partial<Pick<WriteStream, 'isTTY' | 'columns'>>;
  readonly variables: Readonly<Record<string, string | undefined>>;
  /** The current folder. */
  readonly folder: string;
  /** Where `slipway login` keeps what it was told. */
  readonly credentialsFile: string;
  /** Milliseconds since 1970. */
  now(): number;
  /** A random UUID. */
  newId(): string;
  /** Fires on Ctrl-C. */
  readonly signal: AbortSignal;
}
