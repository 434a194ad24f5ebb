import { readFile } from 'node:fs/promises';
import { DeploymentFailure, type TargetEnvironment } from '../deployment-target.ts';
import { type KubernetesOptions, readKubernetesOptions } from './kubernetes-options.ts';
import type { Access } from './resource-client.ts';

/**
 * The API of the cluster in which this process runs, and the files that a service account finds in its pod:
 * https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/.
 */
export interface OwnCluster {
  readonly server: string;
  /** Kubernetes writes another into it from time to time. */
  readonly tokenFile: string;
  readonly caFile: string;
}

/** Where the resource of an environment is, and with what it is reached. @throws DeploymentFailure */
export async function findAccess(
  { appId, options }: Pick<TargetEnvironment, 'appId' | 'options'>,
  own: OwnCluster | undefined,
): Promise<Access> {
  const known = readKubernetesOptions(options);
  const { namespace, resource = appId } = known;
  const { server, token, ca } = await chooseCluster(known, own);
  if (token === undefined) throw new DeploymentFailure('the options of its target have no token: set it anew.');
  return { server: new URL(server), namespace, resource, token, ca };
}

async function chooseCluster({ server, token, ca }: KubernetesOptions, own: OwnCluster | undefined) {
  if (server !== undefined) return { server, token, ca };
  if (own === undefined) {
    throw new DeploymentFailure('Slipway runs in no cluster any more: set the options server and token.');
  }
  return {
    server: own.server,
    token: token ?? (await readMounted(own.tokenFile)).trim(),
    ca: ca ?? (await readMounted(own.caFile)),
  };
}

async function readMounted(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    const advice = 'let its pod mount the token of its service account, or set the option token.';
    throw new DeploymentFailure(`${file} cannot be read: ${advice}`, { cause });
  }
}
