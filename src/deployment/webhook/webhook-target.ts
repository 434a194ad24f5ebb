import { randomUUID } from 'node:crypto';
import { Refusal } from '../../domain/refusal.ts';
import type { DeploymentTarget } from '../deployment-target.ts';
import { presentOptions } from '../parse-options.ts';
import { type DeliverDeps, deliverOrder } from './deliver-order.ts';
import { parseWebhookOptions, WEBHOOK_OPTIONS } from './webhook-options.ts';
import { makeOrder, type OrderDeps, type OrderFacts } from './webhook-order.ts';

export interface WebhookTargetDeps extends DeliverDeps, OrderDeps {}

/** About two minutes: what deploys may be started again meanwhile. */
export const RETRY_DELAYS_MS: readonly number[] = [1, 2, 4, 8, 15, 30, 30, 30].map((seconds) => seconds * 1000);
export const ANSWER_MS = 60_000;

/**
 * The target that sends signed orders to a system that deploys, with a link to the package, and takes its report. An
 * order keeps its id when it is sent again: that of a start is known over restarts, so that who remembers ids acts once.
 */
export function webhookTarget(deps: WebhookTargetDeps): DeploymentTarget {
  const order = async (facts: OrderFacts, signal: AbortSignal) => {
    signal.throwIfAborted();
    const options = parseWebhookOptions(facts.environment.options, undefined);
    await deliverOrder(deps, makeOrder(deps, facts, options.linkTtl), options, signal);
  };
  return {
    parseOptions(given, former) {
      if (deps.publicUrl === undefined) {
        const advice = 'set it to the address under which others reach this server.';
        throw new Refusal('INVALID_PARAMETERS', `The target 'webhook' needs SLIPWAY_PUBLIC_URL: ${advice}`);
      }
      return parseWebhookOptions(given, former);
    },
    presentOptions: (options) => presentOptions(WEBHOOK_OPTIONS, options),
    transport: (environment, given, signal) =>
      order({ id: randomUUID(), call: 'transport', environment, package: given }, signal),
    start: (environment, start, signal) =>
      order({ id: start.id, call: 'start', environment, package: start.package, start }, signal),
    stop: (environment, signal) => order({ id: randomUUID(), call: 'stop', environment }, signal),
    clean: (environment, signal) => order({ id: randomUUID(), call: 'clean', environment }, signal),
    remove: (environment, signal) => order({ id: randomUUID(), call: 'remove', environment }, signal),
  };
}
