import { insertAuditEntry } from '../database/audit.ts';
import type { Database } from '../database/database.ts';
import { type HoldingEnvironment, updateEnvironment as updateRow } from '../database/environments.ts';
import type { AppRow, EnvironmentRow } from '../database/schema.ts';
import type { User } from '../database/users.ts';
import type { TargetOptions } from '../deployment/deployment-target.ts';
import type { Deployments } from '../deployment/deployments.ts';
import type { Mode } from '../domain/environment-mode.ts';
import type { UpdateEnvironment } from '../protocol/environments.ts';
import type { SecretBox } from '../secrets/secret-box.ts';
import { parseAppUrl } from './create-environment.ts';
import { getEnvironment } from './get-environment.ts';
import { readTargetOptions, sealTargetOptions } from './target-options.ts';

export interface UpdateEnvironmentDeps {
  readonly database: Database;
  readonly deployments: Deployments;
  readonly secretBox: SecretBox;
  readonly clock: () => number;
}

/**
 * Changes what is known of an environment. What is not given stays as it is, of the options of its target too; the next
 * call of the target uses them.
 *
 * @throws Refusal ENVIRONMENT_NOT_FOUND, INVALID_PARAMETERS
 */
export async function updateEnvironment(
  deps: UpdateEnvironmentDeps,
  args: { readonly user: User; readonly app: AppRow; readonly mode: Mode; readonly request: UpdateEnvironment },
): Promise<HoldingEnvironment> {
  const { database, deployments, clock } = deps;
  const { user, app, mode, request } = args;
  const { id } = await getEnvironment(database.read, app, mode);
  return await deployments.inTurn(id, (turn) =>
    turn.database.transaction(async (queries) => {
      const environment = await getEnvironment(queries, app, mode);
      const changes = changesOf(deps, environment, request);
      if (Object.keys(changes).length > 0) await updateRow(queries, environment.id, changes);
      const detail = [environment.mode, ...Object.keys(request)].join(' ');
      const entry = { login: user.login, action: 'environment.update', subject: app.app_id, detail };
      await insertAuditEntry(queries, { at: clock(), ...entry });
      return { ...environment, ...changes };
    }),
  );
}

function changesOf(
  { deployments, secretBox }: UpdateEnvironmentDeps,
  environment: EnvironmentRow,
  { Production, Url, TargetOptions }: UpdateEnvironment,
): Partial<EnvironmentRow> {
  const target = deployments.optionsOf(environment.target);
  // Where they cannot be read any more, all of them have to be said again.
  const seal = (given: TargetOptions) => {
    const options = target.parseOptions(given, readTargetOptions(secretBox, environment));
    return sealTargetOptions(secretBox, environment, options);
  };
  return {
    ...(Production !== undefined && { is_production: Production ? 1 : 0 }),
    ...(Url !== undefined && { url: parseAppUrl(Url) }),
    ...(TargetOptions !== undefined && { target_options: seal(TargetOptions) }),
  };
}
