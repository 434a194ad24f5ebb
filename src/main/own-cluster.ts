import { join } from 'node:path';
import type { OwnCluster } from '../deployment/kubernetes/cluster-access.ts';

/** Where Kubernetes puts what a service account is known by. */
const ACCOUNT_FOLDER = '/var/run/secrets/kubernetes.io/serviceaccount';

/**
 * The Kubernetes cluster in whose pod this process runs, by the variables and files that every pod is given:
 * https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/.
 *
 * @returns undefined outside of one
 */
export function findOwnCluster(environment: Readonly<Record<string, string | undefined>>): OwnCluster | undefined {
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT_HTTPS: port = '443' } = environment;
  if (!host) return undefined;
  return {
    server: `https://${host.includes(':') ? `[${host}]` : host}:${port}`,
    tokenFile: join(ACCOUNT_FOLDER, 'token'),
    caFile: join(ACCOUNT_FOLDER, 'ca.crt'),
  };
}
