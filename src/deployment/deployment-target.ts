import type { PackageId } from '../domain/identifiers.ts';

/** What a target is told of an environment. */
export interface TargetEnvironment {
  /** The same for as long as the environment exists. */
  readonly id: string;
  /** Names the app, and stays the same when that is renamed. */
  readonly appKey: string;
  /** As it was written. */
  readonly mode: string;
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
  /** Makes a package the one that the next start runs. What runs goes on running. */
  transport(environment: TargetEnvironment, packageId: PackageId, signal: AbortSignal): Promise<void>;
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
  readonly packageId: PackageId;
  /** Whether the database may be changed to fit the package. */
  readonly autoSyncDb: boolean;
}

/** What a target could not do. @param message a sentence that goes on after `Cannot start app:` and its like */
export class DeploymentFailure extends Error {
  override readonly name = 'DeploymentFailure';
}
