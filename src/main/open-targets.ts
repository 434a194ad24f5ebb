import type { DeploymentTarget } from '../deployment/deployment-target.ts';
import { type DirectoryTargetOptions, directoryTarget } from '../deployment/directory/directory-target.ts';
import { recordTarget } from '../deployment/record-target.ts';
import type { TargetKind } from '../protocol/environments.ts';

export interface OpenTargetsOptions {
  readonly directory: DirectoryTargetOptions;
}

/** Everything that deploys behind environments. */
export function openTargets({ directory }: OpenTargetsOptions): Readonly<Record<TargetKind, DeploymentTarget>> {
  return {
    record: recordTarget(),
    directory: directoryTarget(directory),
  };
}
