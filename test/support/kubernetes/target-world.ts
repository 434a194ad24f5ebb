import { randomUUID } from 'node:crypto';
import type { DeploymentTarget, TargetEnvironment, TargetOptions } from '../../../src/deployment/deployment-target.ts';
import { kubernetesTarget } from '../../../src/deployment/kubernetes/kubernetes-target.ts';
import type { Pacing } from '../../../src/deployment/kubernetes/pacing.ts';
import type { AppId } from '../../../src/domain/identifiers.ts';
import { type StandInApi, startStandInApi } from './stand-in-api.ts';
import { runStandInOperator, type StandInOperator, type StandInOperatorOptions } from './stand-in-operator.ts';

export const NAMESPACE = 'apps';
export const QUICK: Pacing = { retryMs: 2, pollMs: 5, mostPollMs: 20, troubleMs: 60_000, requestMs: 10_000 };

export interface KubernetesWorld {
  readonly api: StandInApi;
  readonly operator: StandInOperator;
  readonly target: DeploymentTarget;
  /** Adds a resource, stopped. @returns the environment that it is for */
  addEnvironment(name: string, options?: TargetOptions, spec?: object): TargetEnvironment;
  findRunning(name: string): string | undefined;
}

/** The target, with a cluster that has the operator. */
export async function openKubernetesWorld(
  t: { after(work: () => unknown): void },
  options: StandInOperatorOptions & { readonly clock?: () => number } = {},
): Promise<KubernetesWorld> {
  const api = await startStandInApi(t);
  const operator = runStandInOperator(t, api, options);
  const { clock = Date.now } = options;
  const target = kubernetesTarget({ clock, pacing: QUICK });
  return {
    api,
    operator,
    target,
    addEnvironment(name, given = {}, spec = { replicas: 0 }) {
      api.apps.add(NAMESPACE, name, spec);
      const all = { server: api.server, ca: api.ca, token: api.token, namespace: NAMESPACE, resource: name, ...given };
      const where = { id: randomUUID(), appKey: 'app-1', appId: 'calc' as AppId, mode: 'Test' };
      return { ...where, options: target.parseOptions(all, undefined) };
    },
    findRunning: (name) => operator.findRunning(NAMESPACE, name),
  };
}
