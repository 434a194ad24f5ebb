import { insertAuditEntry } from '../database/audit.ts';
import type { Database } from '../database/database.ts';
import { endJob, findLastStart, findStartUnderWay } from '../database/deployment-jobs.ts';
import { updateEnvironment } from '../database/environments.ts';
import type { AppRow } from '../database/schema.ts';
import type { User } from '../database/users.ts';
import type { Deployments } from '../deployment/deployments.ts';
import type { Mode } from '../domain/environment-mode.ts';
import { askTarget } from './ask-target.ts';
import { getEnvironment } from './get-environment.ts';

export interface StopEnvironmentDeps {
  readonly database: Database;
  readonly deployments: Deployments;
  readonly clock: () => number;
}

const REFUSAL = { code: 'STOP_FAILED', what: 'Cannot stop app' } as const;
const STOPPED = { code: 'START_FAILED', message: 'Cannot start app: it was stopped while it started.' } as const;

/**
 * Stops an environment; a start that has not ended fails. One that does not run stays as it is: pipelines stop before
 * the first transport too. Of one whose last start has failed nobody knows whether it runs: its target is asked.
 *
 * @throws Refusal ENVIRONMENT_NOT_FOUND, STOP_FAILED
 */
export async function stopEnvironment(
  { database, deployments, clock }: StopEnvironmentDeps,
  { user, app, mode }: { readonly user: User; readonly app: AppRow; readonly mode: Mode },
): Promise<void> {
  const { id } = await getEnvironment(database.read, app, mode);
  await deployments.cutStart(id, STOPPED);
  await deployments.inTurn(id, async (turn) => {
    const environment = await getEnvironment(database.read, app, mode);
    // One that was asked for since.
    await turn.database.transactionInReserve(async (queries) => {
      const start = await findStartUnderWay(queries, id);
      if (start !== undefined) await endJob(queries, start.id, { at: clock(), failure: STOPPED });
    });
    const last = await findLastStart(database.read, id);
    if (environment.status !== 'Running' && last?.state !== 'Failed') return;
    await askTarget(deployments.targetOf(environment).stop(turn.signal), turn.signal, REFUSAL);
    await turn.database.transactionInReserve(async (queries) => {
      if (environment.status === 'Running') {
        await updateEnvironment(queries, id, { status: 'Stopped', running_package_id: null });
      }
      const entry = { login: user.login, action: 'environment.stop', subject: app.app_id, detail: environment.mode };
      await insertAuditEntry(queries, { at: clock(), ...entry });
    });
  });
}
