import { DeploymentFailure, type DeploymentTarget, type TargetEnvironment } from '../deployment-target.ts';
import { presentOptions } from '../parse-options.ts';
import { NoSuchResource } from './api-failure.ts';
import { isDown, isUp } from './app-state.ts';
import { findAccess, type OwnCluster } from './cluster-access.ts';
import {
  KubernetesOptionsSchema,
  linkTtlSeconds,
  parseKubernetesOptions,
  readKubernetesOptions,
} from './kubernetes-options.ts';
import type { MendixApp } from './mendix-app.ts';
import { findChanges } from './merge-patch.ts';
import { PACING, type Pacing } from './pacing.ts';
import { type ResourceClient, resourceClient } from './resource-client.ts';
import { waitForState } from './wait-for-state.ts';
import { wantToRun } from './want-to-run.ts';
import { asItIs, halted, raised, toPatch, type WantedApp } from './wanted-app.ts';

export interface KubernetesTargetOptions {
  /** The cluster in which this process runs; left out where it runs in none. */
  readonly ownCluster?: OwnCluster | undefined;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  readonly pacing?: Pacing;
}

/**
 * The target that tells the Mendix operator: it changes the `MendixApp` of an environment through the Kubernetes API, and
 * reads from its status what became of that. The operator fetches the package, makes an image of it, and runs that.
 *
 * Whether the database may be changed is not asked: the resource has no field for it.
 */
export function kubernetesTarget({ ownCluster, clock, pacing = PACING }: KubernetesTargetOptions): DeploymentTarget {
  const clientFor = (environment: TargetEnvironment) =>
    resourceClient(() => findAccess(environment, ownCluster), pacing);
  return {
    parseOptions: (given, former) => parseKubernetesOptions(given, former, ownCluster !== undefined),
    presentOptions: (options) => presentOptions(KubernetesOptionsSchema, options),

    async transport(environment, given, signal) {
      const client = clientFor(environment);
      const sourceURL = given.link(ttlOf(environment));
      const rehearsed = await client.rehearse(() => ({ spec: { sourceURL } }), signal);
      if (rehearsed.spec?.sourceURL === sourceURL) return;
      throw new DeploymentFailure(
        'its MendixApp takes no sourceURL: the definition of that kind is not of the operator.',
      );
    },

    async start(environment, order, signal) {
      const client = clientFor(environment);
      const want = (app: MendixApp) => wantToRun(app, order, { now: clock(), ttlSeconds: ttlOf(environment) });
      await startApp(client, want, pacing, signal);
    },

    async stop(environment, signal) {
      const client = clientFor(environment);
      await stopApp(client, pacing, signal).catch((error: unknown) => {
        // What was deleted with kubectl does not run, and must not keep its environment from being deleted.
        if (!(error instanceof NoSuchResource)) throw error;
      });
    },

    async clean(_environment, signal) {
      signal.throwIfAborted();
      const advice = 'empty its database and storage yourself, or create its MendixApp anew.';
      throw new DeploymentFailure(`the Mendix operator removes no data of an app that stays: ${advice}`);
    },

    /** The resource stays, stopped: its database goes with it. */
    async remove(_environment, signal) {
      signal.throwIfAborted();
    },
  };
}

async function stopApp(client: ResourceClient, pacing: Pacing, signal: AbortSignal): Promise<void> {
  const app = await client.change((current) => toPatch(halted(current, asItIs(current))), signal);
  await waitForState(client, app, isDown, pacing, signal);
}

/**
 * Its status does not say which package runs. So what runs is stopped before another is started, in the same change that
 * names it: whatever is up after that is the right one.
 */
async function startApp(
  client: ResourceClient,
  want: (app: MendixApp) => WantedApp,
  pacing: Pacing,
  signal: AbortSignal,
): Promise<void> {
  const prepared = await client.change((app) => toPatch(prepare(app, want(app))), signal);
  let started = prepared;
  if (prepared.spec?.replicas === 0) {
    await waitForState(client, prepared, isDown, pacing, signal);
    started = await client.change((app) => toPatch(raised(app, want(app))), signal);
  }
  await waitForState(client, started, isUp, pacing, signal);
}

function prepare(app: MendixApp, wanted: WantedApp): WantedApp {
  if (isDown(app)) return raised(app, wanted);
  return findChanges(toPatch(wanted), app) === undefined ? wanted : halted(app, wanted);
}

const ttlOf = ({ options }: Pick<TargetEnvironment, 'options'>): number =>
  linkTtlSeconds(readKubernetesOptions(options));
