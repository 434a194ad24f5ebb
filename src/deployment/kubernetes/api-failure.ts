import { Type } from 'typebox';
import { Check } from 'typebox/value';
import { onOneLine } from '../../domain/on-one-line.ts';
import { DeploymentFailure } from '../deployment-target.ts';
import { hideQueries } from './hide-queries.ts';
import { MENDIX_APPS } from './mendix-app.ts';
import type { ApiAnswer } from './send-request.ts';

/** What may go well when it is tried again. */
export class PassingFailure extends Error {
  override readonly name = 'PassingFailure';
}

/** Somebody else changed the resource since it was read. */
export class ChangedMeanwhile extends Error {
  override readonly name = 'ChangedMeanwhile';
}

/** There is no resource of that name, though there could be. */
export class NoSuchResource extends DeploymentFailure {}

export interface ResourceName {
  readonly server: URL;
  readonly namespace: string;
  readonly resource: string;
}

/** What the API says of a refusal, https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/status/ */
const StatusSchema = Type.Object({
  message: Type.String(),
  details: Type.Optional(Type.Object({ name: Type.Optional(Type.String()) })),
});

const UPDATE = "with 'slipway environment update'";

/** What an answer other than success means. */
export function describeRefusal({ status, text }: ApiAnswer, name: ResourceName): Error {
  const { message, details } = parseStatus(text);
  if (status === 409) {
    return new ChangedMeanwhile(`others change the MendixApp '${name.resource}' all the time: try it again.`);
  }
  if (status === 429 || status >= 500) {
    return new PassingFailure(
      `the Kubernetes API at ${name.server.host} answers ${status} (${message}): try it again.`,
    );
  }
  const isNamed = details?.name !== undefined;
  const Failure = status === 404 && isNamed ? NoSuchResource : DeploymentFailure;
  return new Failure(sentenceFor(status, isNamed, name, message));
}

function sentenceFor(status: number, isNamed: boolean, { namespace, resource }: ResourceName, message: string): string {
  const which = `the MendixApp '${resource}' in the namespace '${namespace}'`;
  const kind = `${MENDIX_APPS.plural}.${MENDIX_APPS.group}`;
  switch (status) {
    case 401:
      return `the Kubernetes API does not know the token for ${which}: give its option token anew, ${UPDATE}.`;
    case 403:
      return `the token may not read and change ${which}: its Role needs the verbs get and patch on ${kind}.`;
    case 404:
      return isNamed
        ? `there is no ${which.slice(4)}: create it, or name another in the option resource, ${UPDATE}.`
        : `the Kubernetes API has no ${kind}/${MENDIX_APPS.version}: install the Mendix operator, or correct the option server.`;
    default:
      return `the Kubernetes API refuses ${which}, ${status}: ${message}`;
  }
}

function parseStatus(text: string) {
  try {
    const status: unknown = JSON.parse(text);
    if (Check(StatusSchema, status)) return { ...status, message: onOneLine(hideQueries(status.message), 500) };
  } catch {
    // Proxies, and an API without the kind, answer in other words.
  }
  return { message: onOneLine(text, 200) || 'no words', details: undefined };
}

/** What it means that there was no answer. */
export function describeSilence(error: unknown, { server }: ResourceName): Error {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const words = error instanceof Error ? error.message : String(error);
  if (/CERT|SIGNATURE|^ERR_TLS|^ERR_SSL|^ERR_OSSL/.test(code)) {
    const advice = `give the authority that vouches for it in the option ca, ${UPDATE}.`;
    return new DeploymentFailure(`the certificate of ${server.host} is not trusted (${words}): ${advice}`, {
      cause: error,
    });
  }
  const advice = 'look whether it runs, and whether the option server is right.';
  return new PassingFailure(`the Kubernetes API at ${server.host} does not answer (${words}): ${advice}`, {
    cause: error,
  });
}
