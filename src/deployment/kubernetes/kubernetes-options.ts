import { type Static, Type } from 'typebox';
import { Check } from 'typebox/value';
import { quote, Refusal } from '../../domain/refusal.ts';
import { DeploymentFailure, type TargetOptions } from '../deployment-target.ts';
import { parseOptions } from '../parse-options.ts';

const DEFAULT_LINK_TTL_SECONDS = 30 * 24 * 60 * 60;

export const KubernetesOptionsSchema = Type.Object({
  /** The address of the Kubernetes API. */
  server: Type.Optional(Type.String({ pattern: '^https://[^/]', maxLength: 2000 })),
  namespace: Type.String({ pattern: '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$', maxLength: 63 }),
  /** The name of the MendixApp; that of the app where left out. */
  resource: Type.Optional(Type.String({ pattern: '^[a-z0-9]([-.a-z0-9]*[a-z0-9])?$', maxLength: 253 })),
  token: Type.Optional(Type.String({ pattern: '^\\s*[A-Za-z0-9._~+/=-]+\\s*$', writeOnly: true })),
  /** Authorities that vouch for the server, as PEM. */
  ca: Type.Optional(Type.String({ pattern: '-----BEGIN CERTIFICATE-----' })),
  /** Seconds for which the link to a package is good. */
  linkTtl: Type.Optional(
    Type.Integer({ minimum: 60, maximum: 10 * 365 * 24 * 60 * 60, default: DEFAULT_LINK_TTL_SECONDS }),
  ),
});
export type KubernetesOptions = Static<typeof KubernetesOptionsSchema>;

/**
 * @param isInCluster whether this process runs in a cluster, whose API needs no server and token to be told
 * @throws Refusal INVALID_PARAMETERS
 */
export function parseKubernetesOptions(
  given: TargetOptions,
  former: TargetOptions | undefined,
  isInCluster: boolean,
): KubernetesOptions {
  const options = parseOptions(KubernetesOptionsSchema, given, former);
  checkServer(options, isInCluster);
  // Whoever may not see a token must not be able to send it elsewhere.
  if (former?.token !== undefined && given.token === undefined && options.server !== former.server) {
    throw new Refusal('INVALID_PARAMETERS', 'The token is for another server: give the option token with the new one.');
  }
  return { linkTtl: DEFAULT_LINK_TTL_SECONDS, ...options, ...(options.token && { token: options.token.trim() }) };
}

function checkServer({ server, token }: KubernetesOptions, isInCluster: boolean): void {
  if (server === undefined && !isInCluster) {
    throw new Refusal('INVALID_PARAMETERS', 'The target needs the option server: Slipway runs in no cluster itself.');
  }
  if (server === undefined) return;
  if (token === undefined)
    throw new Refusal('INVALID_PARAMETERS', 'The target needs the option token for that server.');
  const url = URL.parse(server);
  if (url !== null && url.username === '' && url.password === '' && url.search === '' && url.hash === '') return;
  throw new Refusal('INVALID_PARAMETERS', `The option server is ${quote(server)}: give an https address alone.`);
}

/** Options that were stored. @throws DeploymentFailure where they are not what is stored today */
export function readKubernetesOptions(options: TargetOptions): KubernetesOptions {
  if (Check(KubernetesOptionsSchema, options)) return options;
  throw new DeploymentFailure("the options of its target are not whole: set them with 'slipway environment update'.");
}

export function linkTtlSeconds({ linkTtl = DEFAULT_LINK_TTL_SECONDS }: KubernetesOptions): number {
  return linkTtl;
}
