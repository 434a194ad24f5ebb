import type { Mode } from '../domain/environment-mode.ts';
import type { AppId, PackageId } from '../domain/identifiers.ts';
import type { ErrorCode } from '../protocol/error-codes.ts';

/** What a target is told of an environment. */
export interface TargetEnvironment {
  /** The same for as long as the environment exists. */
  readonly id: string;
  /** Names the app, and stays the same when that is renamed. */
  readonly appKey: string;
  readonly appId: AppId;
  /** As it was written. */
  readonly mode: Mode['text'];
  /** What {@link DeploymentTarget.parseOptions} made of what an admin said of this environment. */
  readonly options: TargetOptions;
}

/** What a target needs to know of one environment: where, and with which secrets. It is stored encrypted, as JSON. */
export type TargetOptions = Readonly<Record<string, unknown>>;

/** What a target is told of a package. */
export interface TargetPackage {
  readonly id: PackageId;
  readonly name: string;
  readonly version: string;
  readonly sizeBytes: number;
  /** SHA-256 of its file, in lower-case hex. */
  readonly sha256: string;
  /** Where the blob store has its file. */
  readonly blobKey: string;
  /**
   * A link to its file, which is good without headers.
   *
   * @throws DeploymentFailure where the server was not told the address that others reach it under
   */
  link(ttlSeconds: number): string;
}

/**
 * What really deploys: brings packages to an environment, and starts and stops it.
 *
 * Slipway keeps what an environment holds and whether it runs; a target does it. Calls for one environment come one at a
 * time, calls for different ones at once. Each may come again after it succeeded, failed or was cut off by a crash, and
 * then brings about the same: whoever is asked to start what runs, or to stop what does not, has nothing to do.
 *
 * Every call throws `DeploymentFailure` for what it could not do, and the reason of `signal` once that fires, within a
 * second or two; what it had begun may be left half done, for the next call to put right.
 */
export interface DeploymentTarget {
  /**
   * Checks what an admin says of an environment, and fills in what may be left out.
   *
   * @param former what was said before, where options change: for what is kept unless it is said anew
   * @throws Refusal INVALID_PARAMETERS
   */
  parseOptions(given: TargetOptions, former: TargetOptions | undefined): TargetOptions;
  /** The options without what nobody may see. */
  presentOptions(options: TargetOptions): TargetOptions;
  /** Makes a package the one that the next start runs. What runs goes on running. */
  transport(environment: TargetEnvironment, given: TargetPackage, signal: AbortSignal): Promise<void>;
  /** Runs a package that was transported, in place of what runs. Resolves once it is up. */
  start(environment: TargetEnvironment, order: StartOrder, signal: AbortSignal): Promise<void>;
  /** Resolves once nothing runs any more. */
  stop(environment: TargetEnvironment, signal: AbortSignal): Promise<void>;
  /** Removes the data of an environment that does not run; the package stays. */
  clean(environment: TargetEnvironment, signal: AbortSignal): Promise<void>;
  /** Forgets an environment that does not run. */
  remove(environment: TargetEnvironment, signal: AbortSignal): Promise<void>;
}

export interface StartOrder {
  /** The same when the server was started again meanwhile, and the start begins again. */
  readonly id: string;
  readonly package: TargetPackage;
  /** Whether the database may be changed to fit the package. */
  readonly autoSyncDb: boolean;
  readonly settings: TargetSettings;
}

/** What the package is started with. */
export interface TargetSettings {
  /** By name, as `Module.Constant`: those that were set. */
  readonly constants: Readonly<Record<string, string>>;
  /** Settings of the runtime, by name. */
  readonly customSettings: Readonly<Record<string, string>>;
  /** By name, as `Module.Event`: whether each runs, where that was set. */
  readonly scheduledEvents: Readonly<Record<string, boolean>>;
}

/**
 * What a target could not do.
 *
 * @param message a sentence that goes on after `Cannot start app:` and its like
 * @param options `code`: where the documentation has one for just this; otherwise the code of the call as a whole.
 *   `nothingRuns`: of a start, where what ran before does not run any more either
 */
export class DeploymentFailure extends Error {
  override readonly name = 'DeploymentFailure';
  readonly code: ErrorCode | undefined;
  /** Of a start: whether it is known that nothing runs any more, not even what ran before. */
  readonly nothingRuns: boolean;

  constructor(
    message: string,
    options: { readonly code?: ErrorCode | undefined; readonly cause?: unknown; readonly nothingRuns?: boolean } = {},
  ) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.code = options.code;
    this.nothingRuns = options.nothingRuns ?? false;
  }
}
