import { insertAuditEntry } from '../database/audit.ts';
import type { Database, Queries } from '../database/database.ts';
import { endJob, findStartUnderWay, hasJobUnderWay } from '../database/deployment-jobs.ts';
import { deleteEnvironmentRow, type HoldingEnvironment } from '../database/environments.ts';
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
  /** How long a target is waited for that is asked by force; half a minute when left out. */
  readonly forceTimeoutMs?: number;
}

export interface DeleteEnvironmentArgs {
  readonly user: User;
  readonly app: AppRow;
  readonly mode: Mode;
  /** Whether it goes although it runs, and although its target cannot forget it. */
  readonly force: boolean;
}

const FORCE_TIMEOUT_MS = 30_000;
const DELETED = { code: 'START_FAILED', message: 'Cannot start app: its environment was deleted.' } as const;
const REFUSAL = { code: 'ENVIRONMENT_DELETE_FAILED', what: 'The environment could not be deleted' } as const;

/**
 * Takes an environment away from an app. The package that it held stays, and may be deleted from then on. By force its
 * target is asked to stop it and to forget it, and it goes whatever the target says.
 *
 * @throws Refusal ENVIRONMENT_NOT_FOUND; and unless forced ENVIRONMENT_IN_USE unless it is stopped,
 *   ENVIRONMENT_DELETE_FAILED
 */
export async function deleteEnvironment(
  { database, deployments, clock, forceTimeoutMs = FORCE_TIMEOUT_MS }: DeleteEnvironmentDeps,
  { user, app, mode, force }: DeleteEnvironmentArgs,
): Promise<void> {
  const getDeletable = (queries: Queries) => (force ? getEnvironment(queries, app, mode) : getIdle(queries, app, mode));
  // Before its turn too: a start that is under way would have it for as long as it takes.
  const { id } = await getDeletable(database.read);
  if (force) await deployments.cutStart(id, DELETED);
  await deployments.inTurn(id, async (turn) => {
    const environment = await getDeletable(database.read);
    const how = force
      ? await removeByForce(deployments, environment, forceTimeoutMs, turn.signal)
      : await remove(deployments, environment, turn.signal);
    await turn.database.transactionInReserve(async (queries) => {
      const found = await getDeletable(queries);
      // Whoever is told how starts end is told of this one too.
      const start = await findStartUnderWay(queries, found.id);
      if (start !== undefined) await endJob(queries, start.id, { at: clock(), failure: DELETED });
      await deleteEnvironmentRow(queries, found.id);
      const entry = { login: user.login, action: 'environment.delete', subject: app.app_id };
      await insertAuditEntry(queries, { at: clock(), ...entry, detail: `${found.mode}${how}` });
    });
  });
}

async function getIdle(queries: Queries, app: AppRow, mode: Mode): Promise<HoldingEnvironment> {
  const environment = await getEnvironment(queries, app, mode);
  if (environment.status !== 'Running' && !(await hasJobUnderWay(queries, environment.id))) return environment;
  throw new Refusal('ENVIRONMENT_IN_USE', `The environment '${environment.mode}' is in use: stop it first.`);
}

async function remove(deployments: Deployments, environment: HoldingEnvironment, signal: AbortSignal): Promise<string> {
  await askTarget(deployments.targetOf(environment).remove(signal), signal, REFUSAL);
  return '';
}

/** @returns how, for the audit, with what the target could not do */
async function removeByForce(
  deployments: Deployments,
  environment: HoldingEnvironment,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<string> {
  const target = deployments.targetOf(environment);
  const timeout = AbortSignal.timeout(timeoutMs);
  const bounded = AbortSignal.any([signal, timeout]);
  try {
    if (environment.status !== 'Empty') await askTarget(target.stop(bounded), signal, REFUSAL);
    await askTarget(target.remove(bounded), signal, REFUSAL);
    return ', by force';
  } catch (error) {
    if (signal.aborted) throw error;
    if (error === timeout.reason) return `, by force. Its target took longer than ${timeoutMs / 1000} s.`;
    return `, by force. ${error instanceof Error ? error.message : String(error)}`;
  }
}
