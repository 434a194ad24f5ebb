import { ClientError } from '../protocol/client-error.ts';

/** What the exit codes of `slipway` mean: the one table, shown by `--help` and in the documentation. */
export const EXIT_CODES = {
  ok: { code: 0, meaning: 'done' },
  unexpected: { code: 1, meaning: 'an unexpected error, here or in the server' },
  usage: { code: 2, meaning: 'wrong usage or configuration' },
  buildFailed: { code: 3, meaning: 'the build failed, or could not be started' },
  refused: { code: 4, meaning: 'the server refused: not found, not valid, or in conflict' },
  notAuthorised: { code: 5, meaning: 'not authorised: credentials missing or wrong, or a right is missing' },
  unreachable: { code: 6, meaning: 'the server cannot be reached, or cannot serve just now' },
  timedOut: { code: 7, meaning: 'the time was up' },
  checkFailed: { code: 8, meaning: 'a check failed: doctor found something, or a file is damaged' },
  interrupted: { code: 130, meaning: 'interrupted by Ctrl-C' },
} as const;

export type ExitReason = keyof typeof EXIT_CODES;

/** What a command cannot do, and says so: a sentence for people, a code for programs, an exit code. */
export class CommandFailure extends Error {
  readonly reason: ExitReason;
  /** As it stands in `errorCode` of `--json`. */
  readonly code: string;

  constructor(reason: ExitReason, code: string, message: string, options: { readonly cause?: unknown } = {}) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.reason = reason;
    this.code = code;
  }
}

/** Ours, and what a server answers that is just starting or stopping. */
const UNREACHABLE_CODES: ReadonlySet<string> = new Set(['UNREACHABLE', 'NOT_READY', 'SHUTTING_DOWN']);

/** The one place that maps what went wrong to an exit code. */
export function exitReason(error: unknown): ExitReason {
  if (error instanceof CommandFailure) return error.reason;
  if (!(error instanceof ClientError)) return 'unexpected';
  if (UNREACHABLE_CODES.has(error.code)) return 'unreachable';
  if (error.code === 'INTERNAL_ERROR') return 'unexpected';
  if (error.code === 'TIMED_OUT') return 'timedOut';
  if (error.code === 'INVALID_URL') return 'usage';
  if (error.code === 'BUILD_FAILED') return 'buildFailed';
  if (error.status === 401 || error.status === 403 || error.status === 429) return 'notAuthorised';
  return 'refused';
}
