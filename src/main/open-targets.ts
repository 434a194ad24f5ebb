import type { DeploymentTarget } from '../deployment/deployment-target.ts';
import { type DirectoryTargetOptions, directoryTarget } from '../deployment/directory/directory-target.ts';
import type { OwnCluster } from '../deployment/kubernetes/cluster-access.ts';
import { kubernetesTarget } from '../deployment/kubernetes/kubernetes-target.ts';
import { recordTarget } from '../deployment/record-target.ts';
import { type Refused, refusingTarget } from '../deployment/refusing-target.ts';
import type { DeploymentReports } from '../deployment/webhook/deployment-reports.ts';
import { ANSWER_MS, RETRY_DELAYS_MS, webhookTarget } from '../deployment/webhook/webhook-target.ts';
import type { TargetKind } from '../protocol/environments.ts';

export interface OpenTargetsOptions {
  readonly directory: DirectoryTargetOptions;
  /** Whether other servers deploy to the same environments. */
  readonly isShared: boolean;
  /** Under which others reach this server, without a trailing slash; undefined where it was not told. */
  readonly publicUrl: string | undefined;
  /** Where those report that deploy elsewhere. */
  readonly reports: DeploymentReports;
  /** The Kubernetes cluster in which this process runs; undefined for none. */
  readonly ownCluster: OwnCluster | undefined;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
}

const ONE_DISK: Refused = {
  why: "the target 'directory' deploys on the disk of its server, and there may be several on this database",
  instead: "use the target 'webhook' or 'kubernetes'",
  replace: "delete the environment by force, and create it anew with the target 'webhook' or 'kubernetes'",
};

/** Everything that deploys behind environments. */
export function openTargets({
  directory,
  isShared,
  publicUrl,
  reports,
  ownCluster,
  clock,
}: OpenTargetsOptions): Readonly<Record<TargetKind, DeploymentTarget>> {
  return {
    record: recordTarget(),
    directory: isShared ? refusingTarget(ONE_DISK) : directoryTarget(directory),
    webhook: webhookTarget({ publicUrl, clock, reports, answerMs: ANSWER_MS, retryDelaysMs: RETRY_DELAYS_MS }),
    kubernetes: kubernetesTarget({ ownCluster, clock }),
  };
}
