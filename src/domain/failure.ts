/**
 * Why a build did not succeed: a closed table. A failed build is a result, not an exception; a builder or a repository
 * that meets one of these throws {@link BuildFailure}, and the worker turns it into the package's reason.
 */
export const FAILURE_CODES = {
  canceled: { blame: 'client', retry: false },
  'time-limit': { blame: 'client', retry: false },
  /** The revision was there when the build was accepted, and is not any more. */
  'revision-gone': { blame: 'repository', retry: false },
  /** The remote did not answer, or refused us. */
  'repository-unreachable': { blame: 'repository', retry: true },
  /** Something in the tree cannot be packaged: a file name that is not UTF-8, a missing LFS object or submodule. */
  'source-unreadable': { blame: 'repository', retry: false },
  'disk-full': { blame: 'operator', retry: false },
  /** The worker vanished on every attempt the build had. */
  'attempts-used-up': { blame: 'operator', retry: false },
  /** A bug: the log has its stack. */
  internal: { blame: 'operator', retry: false },
} as const satisfies Record<string, { blame: 'client' | 'repository' | 'operator'; retry: boolean }>;

export type FailureCode = keyof typeof FAILURE_CODES;

export class BuildFailure extends Error {
  override readonly name = 'BuildFailure';
  readonly code: FailureCode;

  /** @param message one sentence for the package's StatusReason: what happened, with which value, and what to do */
  constructor(code: FailureCode, message: string, options: { readonly cause?: unknown } = {}) {
    super(message, options);
    this.code = code;
  }
}
