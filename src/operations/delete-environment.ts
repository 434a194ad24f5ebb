import { insertAuditEntry } from '../database/audit.ts';
import type { Database, Queries } from '../database/database.ts';
import { hasJobUnderWay } from '../database/deployment-jobs.ts';
import { deleteEnvironmentRow } from '../database/environments.ts';
import type { AppRow } from '../database/schema.ts';
import type { User } from '../database/users.ts';
import type { Deployments } from '../deployment/deployments.ts';
import type { Mode } from '../domain/environment-mode.ts';
import { Refusal } from '../domain/refusal.ts';
import { askTarget } from './ask-target.ts';
import { getEnvironment } from './get-environment.ts';

export interface DeleteEnvironmentDeps {
  readonly database: Database;
  readonly deployments: Deployments;
  readonly clock: () => number;
}

const REFUSAL = { code: 'ENVIRONMENT_DELETE_FAILED', what: 'The environment could not be deleted' } as const;

/**
 * Takes an environment away from an app. The package that it held stays, and may be deleted from then on.
 *
 * @throws Refusal ENVIRONMENT_NOT_FOUND, ENVIRONMENT_IN_USE unless it is stopped, ENVIRONMENT_DELETE_FAILED
 */
export async function deleteEnvironment(
  { database, deployments, clock }: DeleteEnvironmentDeps,
  { user, app, mode }: { readonly user: User; readonly app: AppRow; readonly mode: Mode },
): Promise<void> {
  const checkIsIdle = async (queries: Queries) => {
    const environment = await getEnvironment(queries, app, mode);
    if (environment.status !== 'Running' && !(await hasJobUnderWay(queries, environment.id))) return environment;
    throw new Refusal('ENVIRONMENT_IN_USE', `The environment '${environment.mode}' is in use: stop it first.`);
  };
  // Before its turn too: a start that is under way would have it for as long as it takes.
  await deployments.inTurn((await checkIsIdle(database.read)).id, async (signal) => {
    await askTarget(deployments.targetOf(await checkIsIdle(database.read)).remove(signal), signal, REFUSAL);
    await database.transactionInReserve(async (queries) => {
      const { id, mode: detail } = await checkIsIdle(queries);
      await deleteEnvironmentRow(queries, id);
      const entry = { login: user.login, action: 'environment.delete', subject: app.app_id, detail };
      await insertAuditEntry(queries, { at: clock(), ...entry });
    });
  });
}
