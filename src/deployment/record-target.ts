import { Refusal } from '../domain/refusal.ts';
import type { DeploymentTarget } from './deployment-target.ts';

/**
 * The target behind which nothing runs: what the environment holds and whether it is started is written down by whoever
 * calls, and that is all there is. Pipelines and the rules of what is in use work with it as with any other.
 */
export function recordTarget(): DeploymentTarget {
  return {
    parseOptions(given) {
      const [name] = Object.keys(given);
      if (name === undefined) return {};
      throw new Refusal('INVALID_PARAMETERS', `The target 'record' has no options: leave out ${name}.`);
    },
    presentOptions: () => ({}),
    transport: async (_environment, _package, signal) => signal.throwIfAborted(),
    start: async (_environment, _order, signal) => signal.throwIfAborted(),
    stop: async (_environment, signal) => signal.throwIfAborted(),
    clean: async (_environment, signal) => signal.throwIfAborted(),
    remove: async (_environment, signal) => signal.throwIfAborted(),
  };
}
