import { homedir } from 'node:os';
import type { BlobStore } from '../blob/blob-store.ts';
import type { Database } from '../database/database.ts';
import { findEnvironmentById } from '../database/environments.ts';
import { Deployments } from '../deployment/deployments.ts';
import { DeploymentReports } from '../deployment/webhook/deployment-reports.ts';
import { parseWebhookOptions } from '../deployment/webhook/webhook-options.ts';
import type { LinkSigner } from '../http/link-signer.ts';
import { describeForTargets } from '../operations/describe-for-targets.ts';
import { readTargetOptions } from '../operations/target-options.ts';
import type { SecretBox } from '../secrets/secret-box.ts';
import type { Configuration } from './configuration.ts';
import type { ReportError } from './core.ts';
import { LEASE_MS } from './leadership.ts';
import { linkToPackages } from './link-to-packages.ts';
import { openTargets } from './open-targets.ts';
import { findOwnCluster } from './own-cluster.ts';

export interface OpenDeploymentsOptions {
  readonly configuration: Configuration;
  readonly database: Database;
  /** Whether other servers may use it at the same time. */
  readonly isShared: boolean;
  readonly blobs: BlobStore;
  readonly secretBox: SecretBox;
  readonly links: LinkSigner;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  readonly report: ReportError;
}

/** What is being done to environments, by everything that deploys, and where those report that deploy elsewhere. */
export function openDeployments(options: OpenDeploymentsOptions): {
  readonly deployments: Deployments;
  readonly deploymentReports: DeploymentReports;
} {
  const { configuration, database, isShared, blobs, secretBox, links, clock, report } = options;
  const { publicUrl, deployTimeoutMs } = configuration;
  const deploymentReports = new DeploymentReports({
    database,
    clock,
    async secretOf(environmentId) {
      const environment = await findEnvironmentById(database.read, environmentId);
      const stored = environment && readTargetOptions(secretBox, environment);
      return stored && parseWebhookOptions(stored, undefined).secret;
    },
  });
  const directory = {
    blobs,
    allowedFolders: configuration.deployFolders,
    path: process.env.PATH ?? '',
    home: homedir(),
    timeoutMs: deployTimeoutMs,
    onError: (error: unknown) => report(error, 'old releases could not be removed'),
  };
  const ownCluster = findOwnCluster(process.env);
  const deployments = new Deployments({
    database,
    targets: openTargets({ directory, isShared, publicUrl, reports: deploymentReports, ownCluster, clock }),
    describe: describeForTargets({ database, secretBox, links: linkToPackages({ links, publicUrl, clock }) }),
    timeoutMs: deployTimeoutMs,
    clock,
    ...(isShared && { leaseMs: LEASE_MS }),
    onError: (error) => report(error, 'an environment could not be started'),
  });
  return { deployments, deploymentReports };
}
