import { insertAuditEntry } from '../database/audit.ts';
import type { Database, Queries } from '../database/database.ts';
import { hasJobUnderWay } from '../database/deployment-jobs.ts';
import { deleteEnvironmentRow } from '../database/environments.ts';
import type { AppRow } from '../database/schema.ts';
import type { User } from '../database/users.ts';
import { asTarget, type Deployments } from '../deployment/deployments.ts';
import type { Mode } from '../domain/environment-mode.ts';
import { Refusal } from '../domain/refusal.ts';
import { getEnvironment } from './get-environment.ts';

export interface DeleteEnvironmentDeps {
  readonly database: Database;
  readonly deployments: Deployments;
  readonly clock: () => number;
}

/**
 * Takes an environment away from an app. The package that it held stays, and may be deleted from then on.
 *
 * @throws Refusal ENVIRONMENT_NOT_FOUND, ENVIRONMENT_IN_USE unless it is stopped
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
  await deployments.inTurn(await checkIsIdle(database.read), async (target, signal) => {
    await target.remove(asTarget(await checkIsIdle(database.read)), signal);
    await database.transactionInReserve(async (queries) => {
      const { id, mode: detail } = await checkIsIdle(queries);
      await deleteEnvironmentRow(queries, id);
      const entry = { login: user.login, action: 'environment.delete', subject: app.app_id, detail };
      await insertAuditEntry(queries, { at: clock(), ...entry });
    });
  });
}
