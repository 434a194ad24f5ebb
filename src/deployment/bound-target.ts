import type { EnvironmentRow } from '../database/schema.ts';
import type { PackageId } from '../domain/identifiers.ts';
import type { TargetKind } from '../protocol/environments.ts';
import {
  DeploymentFailure,
  type DeploymentTarget,
  type StartOrder,
  type TargetEnvironment,
  type TargetPackage,
  type TargetSettings,
} from './deployment-target.ts';

/** The target of one environment. Its calls are those of {@link DeploymentTarget}, told of what the database knows. */
export interface BoundTarget {
  transport(packageId: PackageId, signal: AbortSignal): Promise<void>;
  start(order: BoundStartOrder, signal: AbortSignal): Promise<void>;
  stop(signal: AbortSignal): Promise<void>;
  clean(signal: AbortSignal): Promise<void>;
  remove(signal: AbortSignal): Promise<void>;
}

export type BoundStartOrder = Pick<StartOrder, 'id' | 'autoSyncDb'> & { readonly packageId: PackageId };

export interface BindTargetOptions {
  readonly targets: Readonly<Record<TargetKind, DeploymentTarget>>;
  /** What the database knows, as targets are told of it. */
  readonly describe: DescribeForTargets;
  /** How long a call of a target may take. */
  readonly timeoutMs: number;
}

export interface DescribeForTargets {
  /** @throws DeploymentFailure where its options cannot be decrypted */
  environment(row: EnvironmentRow): Promise<TargetEnvironment>;
  /** @throws DeploymentFailure where it has no file */
  package(id: PackageId): Promise<TargetPackage>;
  settings(row: EnvironmentRow): Promise<TargetSettings>;
}

/** Binds the target of an environment to it. */
export function bindTarget({ targets, describe, timeoutMs }: BindTargetOptions, row: EnvironmentRow): BoundTarget {
  const target = targets[row.target];
  const bounded = async (
    signal: AbortSignal,
    call: (environment: TargetEnvironment, signal: AbortSignal) => Promise<void>,
  ) => {
    signal.throwIfAborted();
    const environment = await describe.environment(row);
    const timeout = AbortSignal.timeout(timeoutMs);
    try {
      await call(environment, AbortSignal.any([signal, timeout]));
    } catch (cause) {
      if (cause !== timeout.reason || signal.aborted) throw cause;
      const advice = 'Raise SLIPWAY_DEPLOY_TIMEOUT if it needs more.';
      throw new DeploymentFailure(`it took longer than ${Math.round(timeoutMs / 1000)} s. ${advice}`, { cause });
    }
  };
  return {
    transport: (packageId, signal) =>
      bounded(signal, async (environment, bound) =>
        target.transport(environment, await describe.package(packageId), bound),
      ),
    start: ({ id, packageId, autoSyncDb }, signal) =>
      bounded(signal, async (environment, bound) => {
        const order = {
          id,
          package: await describe.package(packageId),
          autoSyncDb,
          settings: await describe.settings(row),
        };
        await target.start(environment, order, bound);
      }),
    stop: (signal) => bounded(signal, (environment, bound) => target.stop(environment, bound)),
    clean: (signal) => bounded(signal, (environment, bound) => target.clean(environment, bound)),
    remove: (signal) => bounded(signal, (environment, bound) => target.remove(environment, bound)),
  };
}
