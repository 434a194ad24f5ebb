import type { EnvironmentRow } from '../database/schema.ts';
import { DeploymentFailure, type TargetOptions } from '../deployment/deployment-target.ts';
import type { Deployments } from '../deployment/deployments.ts';
import { type SecretBox, type SecretPlace, SecretUnreadable } from '../secrets/secret-box.ts';

type Options = Pick<EnvironmentRow, 'id' | 'app_id' | 'target_options'>;

const placeOf = ({ id, app_id }: Omit<Options, 'target_options'>): SecretPlace => ({
  appKey: app_id,
  name: undefined,
  environmentId: id,
});

/** Options as they are stored with their environment; null for none. */
export function sealTargetOptions(
  box: SecretBox,
  environment: Omit<Options, 'target_options'>,
  options: TargetOptions,
): string | null {
  if (Object.keys(options).length === 0) return null;
  return box.seal(JSON.stringify(options), placeOf(environment));
}

/** @throws DeploymentFailure where they cannot be read any more */
export function openTargetOptions(box: SecretBox, environment: Options): TargetOptions {
  if (environment.target_options === null) return {};
  try {
    // What was sealed here is what was checked before: nobody else has the key.
    return JSON.parse(box.open(environment.target_options, placeOf(environment)));
  } catch (cause) {
    if (!(cause instanceof SecretUnreadable)) throw cause;
    const advice = "set them again with 'slipway environment update'.";
    throw new DeploymentFailure(`the options of its target cannot be decrypted: ${advice}`, { cause });
  }
}

/** The options of an environment's target, without what nobody may see; none where they cannot be read any more. */
export function showTargetOptions(
  { secretBox, deployments }: { readonly secretBox: SecretBox; readonly deployments: Deployments },
  environment: EnvironmentRow,
): TargetOptions {
  const options = readTargetOptions(secretBox, environment);
  return options === undefined ? {} : deployments.optionsOf(environment.target).presentOptions(options);
}

/** @returns undefined where they cannot be read any more */
export function readTargetOptions(box: SecretBox, environment: Options): TargetOptions | undefined {
  try {
    return openTargetOptions(box, environment);
  } catch (error) {
    if (error instanceof DeploymentFailure) return undefined;
    throw error;
  }
}
