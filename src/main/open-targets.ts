import type { DeploymentTarget } from '../deployment/deployment-target.ts';
import type { OwnCluster } from '../deployment/kubernetes/cluster-access.ts';
import { kubernetesTarget } from '../deployment/kubernetes/kubernetes-target.ts';
import { recordTarget } from '../deployment/record-target.ts';
import type { TargetKind } from '../protocol/environments.ts';

export interface OpenTargetsOptions {
  /** The Kubernetes cluster in which this process runs; undefined for none. */
  readonly ownCluster: OwnCluster | undefined;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
}

/** Everything that deploys behind environments. */
export function openTargets({ ownCluster, clock }: OpenTargetsOptions): Readonly<Record<TargetKind, DeploymentTarget>> {
  return {
    record: recordTarget(),
    kubernetes: kubernetesTarget({ ownCluster, clock }),
  };
}
