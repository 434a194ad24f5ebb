import { ERROR_CODES, type ErrorCode } from '../protocol/error-codes.ts';

/**
 * What Slipway will not do, and says so: a known error with a code from the one table. Everything else that is thrown
 * is a bug, or a foreign error that somebody forgot to translate.
 */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly code: ErrorCode;
  /** Seconds after which the same request may be tried again, where that is known. */
  readonly retryAfterSeconds: number | undefined;
  /** Which parameter of the request it is about, where that is known. */
  readonly parameter: string | undefined;

  /** @param message one sentence: what happened, with which value, and what to do about it */
  constructor(
    code: ErrorCode,
    message: string = ERROR_CODES[code].message,
    options: { readonly cause?: unknown; readonly retryAfterSeconds?: number; readonly parameter?: string } = {},
  ) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.code = code;
    this.retryAfterSeconds = options.retryAfterSeconds;
    this.parameter = options.parameter;
  }
}

/** A value from outside, fit to stand in a message: quoted, on one line, and cut when it is long. */
export function quote(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value));
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is taken out
  const line = text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, ' ');
  return `'${line.length > 80 ? `${line.slice(0, 77)}…` : line}'`;
}
