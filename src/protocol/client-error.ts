import type { ErrorCode } from './error-codes.ts';

/** What kept a call from its answer, when it was not the server that said so. */
export type TransportCode = 'UNREACHABLE' | 'TIMED_OUT' | 'UNEXPECTED_ANSWER' | 'INVALID_URL';

/** A call that did not get what it asked for: refused by the server, or without a usable answer. */
export class ClientError extends Error {
  override readonly name = 'ClientError';
  /** The server's `errorCode` (one unknown to this version included), or what went wrong on the way. */
  readonly code: ErrorCode | TransportCode | (string & {});
  /** The HTTP status; undefined where there was no answer. */
  readonly status: number | undefined;

  constructor(
    code: ErrorCode | TransportCode | (string & {}),
    message: string,
    options: { readonly status?: number; readonly cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.code = code;
    this.status = options.status;
  }
}
