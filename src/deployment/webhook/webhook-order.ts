import type { TargetCall } from '../../protocol/target-codes.ts';
import {
  DeploymentFailure,
  type StartOrder,
  type TargetEnvironment,
  type TargetPackage,
} from '../deployment-target.ts';

/** What a system that deploys is told to do. */
export interface WebhookOrder {
  /** The same whenever the same order is sent again. */
  readonly id: string;
  readonly environmentId: string;
  readonly call: TargetCall;
  /** JSON. */
  readonly body: string;
}

export interface OrderFacts {
  readonly id: string;
  readonly call: TargetCall;
  readonly environment: TargetEnvironment;
  readonly package?: TargetPackage;
  readonly start?: Pick<StartOrder, 'autoSyncDb' | 'settings'>;
}

export interface OrderDeps {
  /** Under which others reach this server, without a trailing slash; undefined where it was not told. */
  readonly publicUrl: string | undefined;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
}

/** @throws DeploymentFailure where the server was not told the address that others reach it under */
export function makeOrder({ publicUrl, clock }: OrderDeps, facts: OrderFacts, linkTtlSeconds: number): WebhookOrder {
  const { id, call, environment, start } = facts;
  if (publicUrl === undefined) {
    throw new DeploymentFailure('SLIPWAY_PUBLIC_URL is not set: others cannot be told where to report to.');
  }
  const data = {
    orderId: id,
    appId: environment.appId,
    environment: environment.mode,
    environmentId: environment.id,
    ...(facts.package !== undefined && { package: describePackage(facts.package, linkTtlSeconds) }),
    ...(start !== undefined && { autoSyncDb: start.autoSyncDb, settings: start.settings }),
    reportUrl: `${publicUrl}/deployments/${id}`,
  };
  const timestamp = new Date(clock()).toISOString();
  return {
    id,
    environmentId: environment.id,
    call,
    body: JSON.stringify({ type: `environment.${call}`, timestamp, data }),
  };
}

function describePackage({ id, name, version, sizeBytes, sha256, link }: TargetPackage, linkTtlSeconds: number) {
  return { id, name, version, sizeBytes, sha256, url: link(linkTtlSeconds) };
}
