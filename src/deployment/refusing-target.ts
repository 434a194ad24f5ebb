import { Refusal } from '../domain/refusal.ts';
import { DeploymentFailure, type DeploymentTarget } from './deployment-target.ts';

/** A target that is not to be had here: it can be forgotten by force alone. @param why a sentence, without its capital */
export function refusingTarget(why: string): DeploymentTarget {
  const fail = async () => {
    throw new DeploymentFailure(why);
  };
  return {
    parseOptions() {
      throw new Refusal('INVALID_PARAMETERS', why.charAt(0).toUpperCase() + why.slice(1));
    },
    presentOptions: (options) => options,
    transport: fail,
    start: fail,
    stop: fail,
    clean: fail,
    remove: fail,
  };
}
