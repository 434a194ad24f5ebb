import { randomUUID } from 'node:crypto';
import { insertAuditEntry } from '../database/audit.ts';
import type { Database, Queries } from '../database/database.ts';
import { endJob, insertJob } from '../database/deployment-jobs.ts';
import { updateEnvironment } from '../database/environments.ts';
import type { AppRow, EnvironmentRow } from '../database/schema.ts';
import type { Deployments } from '../deployment/deployments.ts';
import type { Login, PackageId } from '../domain/identifiers.ts';
import { Refusal } from '../domain/refusal.ts';
import { askTarget } from './ask-target.ts';
import { type DeclaredSettingsDeps, readDeclaredSettings } from './declared-settings.ts';

export interface BringPackageDeps extends DeclaredSettingsDeps {
  readonly database: Database;
  readonly deployments: Deployments;
  readonly clock: () => number;
}

export interface BringPackageArgs {
  /** Whose doing it is. */
  readonly login: Login;
  readonly app: AppRow;
  readonly packageId: PackageId;
  /** Checks that the package may go to its environment, in the transaction that makes it in use. */
  readonly begin: (queries: Queries) => Promise<EnvironmentRow>;
}

const REFUSAL = { code: 'TRANSPORT_FAILED', what: 'The package could not be brought to the environment' } as const;

/**
 * Brings a package to an environment, in the turn of that. From before the target is asked the package is in use, and it
 * is known what it declares.
 *
 * @throws Refusal what `begin` throws, TRANSPORT_FAILED or what the target says, ENVIRONMENT_NOT_FOUND where it was
 *   deleted meanwhile
 */
export async function bringPackage(deps: BringPackageDeps, args: BringPackageArgs, signal: AbortSignal): Promise<void> {
  const { database, deployments, clock } = deps;
  await readDeclaredSettings(deps, args.packageId);
  const { job, environment } = await database.transaction((queries) => beginJob(deps, queries, args));
  const call = deployments.targetOf(environment).transport(args.packageId, signal);
  await askTarget(call, signal, REFUSAL).catch(async (error: unknown) => {
    if (!(error instanceof Refusal) || error.code !== 'SHUTTING_DOWN') await endFailed(deps, job, error);
    throw error;
  });
  await database.transaction(async (queries) => {
    // Its app was deleted meanwhile.
    if (!(await endJob(queries, job, { at: clock() }))) throw new Refusal('ENVIRONMENT_NOT_FOUND');
    await updateEnvironment(queries, environment.id, {
      package_id: args.packageId,
      ...(environment.status === 'Empty' && { status: 'Stopped' }),
    });
    await insertAuditEntry(queries, {
      at: clock(),
      login: args.login,
      action: 'environment.transport',
      subject: args.app.app_id,
      detail: `${environment.mode} ${args.packageId}`,
    });
  });
}

async function beginJob({ clock }: BringPackageDeps, queries: Queries, { packageId, begin }: BringPackageArgs) {
  const environment = await begin(queries);
  const job = randomUUID();
  await insertJob(queries, {
    id: job,
    environment_id: environment.id,
    kind: 'transport',
    package_id: packageId,
    auto_sync_db: 0,
    created_at: clock(),
  });
  return { job, environment };
}

async function endFailed({ database, clock }: BringPackageDeps, job: string, error: unknown): Promise<void> {
  const message = error instanceof Error ? error.message : String(error);
  const failure = { code: 'TRANSPORT_FAILED', message } as const;
  await database.transactionInReserve((queries) => endJob(queries, job, { at: clock(), failure }));
}
