import { insertAuditEntry } from '../database/audit.ts';
import type { Database } from '../database/database.ts';
import { hasJobUnderWay } from '../database/deployment-jobs.ts';
import type { HoldingEnvironment } from '../database/environments.ts';
import type { AppRow } from '../database/schema.ts';
import type { User } from '../database/users.ts';
import type { Deployments } from '../deployment/deployments.ts';
import type { Mode } from '../domain/environment-mode.ts';
import { Refusal } from '../domain/refusal.ts';
import { askTarget } from './ask-target.ts';
import { getEnvironment } from './get-environment.ts';

export interface CleanEnvironmentDeps {
  readonly database: Database;
  readonly deployments: Deployments;
  readonly clock: () => number;
}

const REFUSAL = { code: 'ENVIRONMENT_CLEAN_FAILED', what: 'Unable to clean the environment' } as const;

/**
 * Removes the data of an environment: files and database. The package stays.
 *
 * @throws Refusal ENVIRONMENT_NOT_FOUND, ENVIRONMENT_NOT_STOPPED, ENVIRONMENT_NOT_DEPLOYED, ENVIRONMENT_CLEAN_FAILED
 */
export async function cleanEnvironment(
  { database, deployments, clock }: CleanEnvironmentDeps,
  { user, app, mode }: { readonly user: User; readonly app: AppRow; readonly mode: Mode },
): Promise<HoldingEnvironment> {
  const checkIsStopped = async () => {
    const environment = await getEnvironment(database.read, app, mode);
    if (environment.status === 'Empty') throw new Refusal('ENVIRONMENT_NOT_DEPLOYED');
    if (environment.status !== 'Running' && !(await hasJobUnderWay(database.read, environment.id))) return environment;
    const message = `The environment '${environment.mode}' needs to be stopped: stop it, and clean it then.`;
    throw new Refusal('ENVIRONMENT_NOT_STOPPED', message);
  };
  // Before its turn too: a start that is under way would have it for as long as it takes.
  return await deployments.inTurn((await checkIsStopped()).id, async (turn) => {
    const environment = await checkIsStopped();
    await askTarget(deployments.targetOf(environment).clean(turn.signal), turn.signal, REFUSAL);
    await turn.database.transaction((queries) =>
      insertAuditEntry(queries, {
        at: clock(),
        login: user.login,
        action: 'environment.clean',
        subject: app.app_id,
        detail: environment.mode,
      }),
    );
    return environment;
  });
}
