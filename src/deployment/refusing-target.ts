import { Refusal } from '../domain/refusal.ts';
import { DeploymentFailure, type DeploymentTarget } from './deployment-target.ts';

/** Why a target is not to be had here, and what to do. */
export interface Refused {
  /** The beginning of a sentence, without its capital: a colon and advice come after it. */
  readonly why: string;
  /** For who would make an environment with it. */
  readonly instead: string;
  /** For who has an environment with it, from when it was to be had. */
  readonly replace: string;
}

/** A target that is not to be had here: it can be forgotten by force alone. */
export function refusingTarget({ why, instead, replace }: Refused): DeploymentTarget {
  const fail = async () => {
    throw new DeploymentFailure(`${why}: ${replace}.`);
  };
  return {
    parseOptions(_given, former) {
      const advice = former === undefined ? instead : replace;
      throw new Refusal('INVALID_PARAMETERS', `${why.charAt(0).toUpperCase()}${why.slice(1)}: ${advice}.`);
    },
    presentOptions: (options) => options,
    transport: fail,
    start: fail,
    stop: fail,
    clean: fail,
    remove: fail,
  };
}
