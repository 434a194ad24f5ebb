import type { DeploymentTarget } from '../deployment/deployment-target.ts';
import { recordTarget } from '../deployment/record-target.ts';
import { DeploymentReports } from '../deployment/webhook/deployment-reports.ts';
import { ANSWER_MS, RETRY_DELAYS_MS, webhookTarget } from '../deployment/webhook/webhook-target.ts';
import type { TargetKind } from '../protocol/environments.ts';

export interface OpenTargetsOptions {
  /** Under which others reach this server; undefined where it was not told. */
  readonly publicUrl: string | undefined;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
}

/** Everything that deploys behind environments, and where those report that deploy elsewhere. */
export interface OpenTargets {
  readonly targets: Readonly<Record<TargetKind, DeploymentTarget>>;
  readonly deploymentReports: DeploymentReports;
}

export function openTargets({ publicUrl, clock }: OpenTargetsOptions): OpenTargets {
  const reports = new DeploymentReports(clock);
  return {
    targets: {
      record: recordTarget(),
      webhook: webhookTarget({ publicUrl, clock, reports, answerMs: ANSWER_MS, retryDelaysMs: RETRY_DELAYS_MS }),
    },
    deploymentReports: reports,
  };
}
