import type { RoomPlaces } from '../../sandbox/sandbox.ts';
import type { BuildJob } from '../builder.ts';
import type { BuildPlan } from './build-file.ts';

/**
 * The variables of a step: what it is built for, then what `slipway.yml` says, then the app's secrets. The time of the
 * revision stands in `SOURCE_DATE_EPOCH`, which many tools put in the place of the time of the day.
 *
 * @param path undefined where an image has one
 */
export function stepEnvironment(
  { tree, facts, secrets }: BuildJob,
  plan: BuildPlan,
  { home, tmp }: RoomPlaces,
  path: string | undefined,
): Readonly<Record<string, string>> {
  return {
    ...(path === undefined ? {} : { PATH: path }),
    HOME: home,
    TMPDIR: tmp,
    LANG: 'C.UTF-8',
    CI: 'true',
    SOURCE_DATE_EPOCH: String(Math.floor(tree.committedAt / 1000)),
    SLIPWAY_APP: facts.appId,
    SLIPWAY_BRANCH: facts.branch,
    SLIPWAY_REVISION: facts.revision,
    SLIPWAY_VERSION: facts.version,
    ...plan.environment,
    ...secrets,
  };
}
