import { setTimeout } from 'node:timers/promises';
import { DeploymentFailure } from '../deployment-target.ts';
import {
  ChangedMeanwhile,
  describeRefusal,
  describeSilence,
  PassingFailure,
  type ResourceName,
} from './api-failure.ts';
import { MENDIX_APPS, type MendixApp, parseMendixApp } from './mendix-app.ts';
import { findChanges, type MergePatch } from './merge-patch.ts';
import type { Pacing } from './pacing.ts';
import { type ApiRequest, sendRequest } from './send-request.ts';

export interface Access extends ResourceName {
  readonly token: string;
  /** Authorities that vouch for the server, as PEM; those of Node.js where left out. */
  readonly ca?: string | undefined;
}

/** What a resource is to be like, given what it is like. */
type Want = (app: MendixApp) => MergePatch;

/**
 * One resource behind the Kubernetes API. Every call throws DeploymentFailure for what cannot be done, and the reason of
 * its signal.
 */
export interface ResourceClient {
  /** @throws PassingFailure for what may go well later */
  read(signal: AbortSignal): Promise<MendixApp>;
  /**
   * Brings about what is wanted of the resource as it is then; where somebody else changes it meanwhile, that is read
   * first. What may go well is tried a few times.
   *
   * @returns it with the change, or as it is where there was none to make
   */
  change(want: Want, signal: AbortSignal): Promise<MendixApp>;
  /** Asks for a change that is checked like any other, and not made. @returns the resource as it would be */
  rehearse(want: Want, signal: AbortSignal): Promise<MendixApp>;
}

const ATTEMPTS = 5;

/**
 * Custom resources are changed by JSON merge patches, since they take no strategic ones:
 * https://kubernetes.io/docs/tasks/manage-kubernetes-objects/update-api-object-kubectl-patch/.
 */
export function resourceClient(findAccess: () => Promise<Access>, pacing: Pacing): ResourceClient {
  // Found anew for each request: a call may take longer than a token is good.
  const send = async (request: SentRequest, signal: AbortSignal) =>
    await sendTo(await findAccess(), pacing, request, signal);
  const read: ResourceClient['read'] = (signal) => send({ method: 'GET', query: {} }, signal);

  /** With the version that was read, so that it is refused where there is a newer one. */
  const patch = (app: MendixApp, changes: MergePatch, query: Readonly<Record<string, string>>, signal: AbortSignal) => {
    const { resourceVersion } = app.metadata;
    const metadata = { ...(typeof changes.metadata === 'object' ? changes.metadata : {}), resourceVersion };
    const body = JSON.stringify({ ...changes, metadata });
    return send({ method: 'PATCH', query: { ...query, fieldManager: 'slipway' }, body }, signal);
  };
  return {
    read,
    change: (want, signal) =>
      retrying(pacing, signal, async () => {
        const app = await read(signal);
        const changes = findChanges(want(app), app);
        return changes === undefined ? app : await patch(app, changes, {}, signal);
      }),
    rehearse: (want, signal) =>
      retrying(pacing, signal, async () => {
        const app = await read(signal);
        return await patch(app, want(app), { dryRun: 'All' }, signal);
      }),
  };
}

async function retrying<T>({ retryMs }: Pacing, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof PassingFailure || error instanceof ChangedMeanwhile)) throw error;
      if (attempt === ATTEMPTS) throw new DeploymentFailure(error.message, { cause: error });
      await setTimeout(retryMs * 2 ** (attempt - 1), undefined, { signal }).catch(() => {
        throw signal.reason;
      });
    }
  }
}

interface SentRequest extends Pick<ApiRequest, 'method' | 'body'> {
  readonly query: Readonly<Record<string, string>>;
}

async function sendTo(
  { token, ca, ...name }: Access,
  { requestMs }: Pacing,
  { query, ...request }: SentRequest,
  signal: AbortSignal,
): Promise<MendixApp> {
  const bounded = AbortSignal.any([signal, AbortSignal.timeout(requestMs)]);
  const answer = await sendRequest({ ...request, url: urlOf(name, query), token, ca }, bounded).catch(
    (error: unknown) => {
      signal.throwIfAborted();
      throw describeSilence(error, name);
    },
  );
  if (answer.status !== 200) throw describeRefusal(answer, name);
  const app = parseMendixApp(parseJson(answer.text));
  if (app !== undefined) return app;
  const advice = 'look whether the option server is that of a Kubernetes API.';
  throw new DeploymentFailure(`${name.server.host} answers with something else than a MendixApp: ${advice}`);
}

function urlOf({ server, namespace, resource }: ResourceName, query: Readonly<Record<string, string>>): URL {
  const { group, version, plural } = MENDIX_APPS;
  const path = `/apis/${group}/${version}/namespaces/${namespace}/${plural}/${resource}`;
  return new URL(`${server.pathname.replace(/\/$/, '')}${path}?${new URLSearchParams(query)}`, server);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
