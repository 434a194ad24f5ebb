import { findApp } from '../database/apps.ts';
import type { Database } from '../database/database.ts';
import { findLastStarted, findStartJob, findStartUnderWay } from '../database/deployment-jobs.ts';
import type { AppRow } from '../database/schema.ts';
import type { User } from '../database/users.ts';
import type { Deployments } from '../deployment/deployments.ts';
import type { Mode } from '../domain/environment-mode.ts';
import { Refusal } from '../domain/refusal.ts';
import type { SecretBox } from '../secrets/secret-box.ts';
import { type DeclaredSettingsDeps, readDeclaredSettings } from './declared-settings.ts';
import { getEnvironment } from './get-environment.ts';
import { insertStart } from './insert-start.ts';

export interface StartEnvironmentDeps extends DeclaredSettingsDeps {
  readonly database: Database;
  readonly secretBox: SecretBox;
  readonly deployments: Deployments;
  readonly clock: () => number;
}

export interface StartEnvironmentArgs {
  readonly user: User;
  readonly app: AppRow;
  readonly mode: Mode;
  readonly autoSyncDb: boolean;
}

/** `alreadyStarted`: it runs, by the start that is named. */
export interface StartedJob {
  readonly jobId: string;
  readonly alreadyStarted: boolean;
}

/**
 * Begins to start an environment with the package that it holds, and with its settings as they are now. Once this
 * resolves the start survives anything. One whose settings are not in order has failed by then.
 *
 * @throws Refusal ENVIRONMENT_NOT_FOUND, NO_MDA_HAS_BEEN_DEPLOYED, APP_ALREADY_HAS_A_STARTING_JOB, APP_NOT_FOUND
 */
export async function startEnvironment(
  deps: StartEnvironmentDeps,
  { user, app, mode, autoSyncDb }: StartEnvironmentArgs,
): Promise<StartedJob> {
  const { database, deployments, secretBox, clock } = deps;
  // The transaction finds what was remembered of it.
  await readDeclaredSettings(deps, (await getEnvironment(database.read, app, mode)).package_id);
  const { job, alreadyStarted } = await database.transaction(async (queries) => {
    if ((await findApp(queries, app.id)) === undefined) throw new Refusal('APP_NOT_FOUND');
    const environment = await getEnvironment(queries, app, mode);
    const last = environment.status === 'Running' ? await findLastStarted(queries, environment.id) : undefined;
    if (last !== undefined) return { job: last, alreadyStarted: true };
    if (environment.package_id === null) {
      const advice = `Transport a package to '${environment.mode}' first.`;
      throw new Refusal('NO_MDA_HAS_BEEN_DEPLOYED', `Cannot start app. There is no MDA deployed. ${advice}`);
    }
    const underWay = await findStartUnderWay(queries, environment.id);
    if (underWay !== undefined) {
      throw new Refusal(
        'APP_ALREADY_HAS_A_STARTING_JOB',
        `Cannot start app. The job '${underWay.id}' starts it already.`,
      );
    }
    const begun = { login: user.login, app, environment, packageId: environment.package_id, autoSyncDb, at: clock() };
    return { job: (await insertStart(queries, secretBox, begun)).job, alreadyStarted: false };
  });
  if (!alreadyStarted) deployments.run(job);
  return { jobId: job.id, alreadyStarted };
}

/**
 * How far a start is.
 *
 * @throws Refusal ENVIRONMENT_NOT_FOUND, NO_SUCH_STARTJOB; why it failed, where it did
 */
export async function getStartStatus(
  { database }: Pick<StartEnvironmentDeps, 'database'>,
  { app, mode, jobId }: { readonly app: AppRow; readonly mode: Mode; readonly jobId: string },
): Promise<'Starting' | 'Started'> {
  const environment = await getEnvironment(database.read, app, mode);
  const job = await findStartJob(database.read, environment.id, jobId);
  if (job === undefined) throw new Refusal('NO_SUCH_STARTJOB');
  if (job.error_code !== null) throw new Refusal(job.error_code, job.error_message ?? undefined);
  return job.state === 'UnderWay' ? 'Starting' : 'Started';
}
