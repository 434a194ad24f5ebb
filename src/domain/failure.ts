import type { Problem } from '../protocol/package.ts';

/**
 * Why a build did not succeed: a closed table. A failed build is a result, not an exception; a builder or a repository
 * that meets one of these throws {@link BuildFailure}, and the worker turns it into the package's reason.
 */
export const FAILURE_CODES = {
  canceled: { blame: 'client', retry: false, meaning: 'Somebody canceled the build.' },
  overtaken: {
    blame: 'client',
    retry: false,
    meaning: 'A newer push to the branch came before the build began, and its rule wants the latest only.',
  },
  'time-limit': { blame: 'client', retry: false, meaning: 'The build took longer than one build may.' },
  'revision-gone': {
    blame: 'repository',
    retry: false,
    meaning: 'The revision was there when the build was accepted, and is not any more.',
  },
  'repository-unreachable': {
    blame: 'repository',
    retry: true,
    meaning: 'The repository did not answer, or refused the server.',
  },
  'source-unreadable': {
    blame: 'repository',
    retry: false,
    meaning:
      'Something in the source cannot be packaged: a file name that is not UTF-8, a missing LFS object or submodule.',
  },
  'toolchain-missing': {
    blame: 'operator',
    retry: false,
    meaning:
      'Something that the build needs is not on the server: the MxBuild of a version, a JDK, or the image of a container.',
  },
  'model-errors': { blame: 'repository', retry: false, meaning: 'MxBuild found errors in the model.' },
  'builder-failed': {
    blame: 'repository',
    retry: false,
    meaning: 'The program that builds ended without a package, or with one that is not what was asked for.',
  },
  'build-file': {
    blame: 'repository',
    retry: false,
    meaning: 'The `slipway.yml` of the revision is missing, cannot be read, or asks for what there is not.',
  },
  'step-failed': {
    blame: 'repository',
    retry: false,
    meaning: 'A step of `slipway.yml` ended with an exit code other than 0.',
  },
  'over-limit': {
    blame: 'repository',
    retry: false,
    meaning: 'A build wrote more to the disk than one build may, or made a package of more than that.',
  },
  'package-unusable': {
    blame: 'repository',
    retry: false,
    meaning: 'What `slipway.yml` names as the package is not there, or something in it cannot be packaged.',
  },
  'package-invalid': {
    blame: 'client',
    retry: false,
    meaning: 'What was uploaded is no package: no zip, a damaged one, or one that nobody should unpack.',
  },
  'no-sandbox': {
    blame: 'operator',
    retry: false,
    meaning: 'Commands of a build cannot be run on the server: there is no sandbox that may run them.',
  },
  'secret-unreadable': {
    blame: 'operator',
    retry: false,
    meaning: 'A secret of the app cannot be decrypted: it is damaged, or was encrypted with another key. Set it again.',
  },
  'store-unavailable': {
    blame: 'operator',
    retry: true,
    meaning: 'The store that packages are kept in did not answer, or refused the server.',
  },
  'disk-full': { blame: 'operator', retry: false, meaning: 'The disk of the server is full.' },
  'attempts-used-up': {
    blame: 'operator',
    retry: false,
    meaning: 'The server stopped in the middle of the build, on every attempt the build had.',
  },
  internal: { blame: 'operator', retry: false, meaning: 'A fault of Slipway: the log of the server has the details.' },
} as const satisfies Record<string, FailureFacts>;

interface FailureFacts {
  /** Who can do something about it. */
  readonly blame: 'client' | 'repository' | 'operator';
  /** Whether the same build may succeed later without anybody changing anything. */
  readonly retry: boolean;
  /** One sentence for the documentation. */
  readonly meaning: string;
}

export type FailureCode = keyof typeof FAILURE_CODES;

interface BuildFailureOptions {
  readonly cause?: unknown;
  readonly problems?: readonly Problem[];
}

export class BuildFailure extends Error {
  override readonly name = 'BuildFailure';
  readonly code: FailureCode;
  /** What the builder found wrong, one by one; empty where the message says it all. */
  readonly problems: readonly Problem[];

  /** @param message one sentence for the package's StatusReason: what happened, with which value, and what to do */
  constructor(code: FailureCode, message: string, options: BuildFailureOptions = {}) {
    super(message, options);
    this.code = code;
    this.problems = options.problems ?? [];
  }
}
