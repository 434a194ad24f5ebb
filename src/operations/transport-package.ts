import { randomUUID } from 'node:crypto';
import { findApp } from '../database/apps.ts';
import { insertAuditEntry } from '../database/audit.ts';
import type { Database, Queries } from '../database/database.ts';
import { endJob, insertJob } from '../database/deployment-jobs.ts';
import { updateEnvironment } from '../database/environments.ts';
import { findPackage } from '../database/packages.ts';
import type { AppRow } from '../database/schema.ts';
import type { User } from '../database/users.ts';
import type { Deployments } from '../deployment/deployments.ts';
import type { Mode } from '../domain/environment-mode.ts';
import type { PackageId } from '../domain/identifiers.ts';
import { Refusal } from '../domain/refusal.ts';
import { hasEnded, type PackageStatus } from '../protocol/package.ts';
import { askTarget } from './ask-target.ts';
import { getEnvironment } from './get-environment.ts';

export interface TransportPackageDeps {
  readonly database: Database;
  readonly deployments: Deployments;
  readonly clock: () => number;
}

export interface TransportPackageArgs {
  readonly user: User;
  readonly app: AppRow;
  readonly mode: Mode;
  readonly packageId: PackageId;
}

const REFUSAL = { code: 'TRANSPORT_FAILED', what: 'The package could not be brought to the environment' } as const;

/**
 * Brings a package to an environment, which holds it from then on. One that runs goes on with what it runs, until it is
 * stopped and started. From before the target is asked the package is in use.
 *
 * @throws Refusal ENVIRONMENT_NOT_FOUND, PACKAGE_NOT_FOUND, `SERVICE UNAVAILABLE` while it is being built, `NOT ALLOWED`
 *   where its build failed, TRANSPORT_FAILED
 */
export async function transportPackage(deps: TransportPackageDeps, args: TransportPackageArgs): Promise<void> {
  const { database, deployments } = deps;
  const { id } = await getEnvironment(database.read, args.app, args.mode);
  await deployments.inTurn(id, async (signal) => {
    const { job, environment } = await database.transaction((queries) => beginTransport(deps, queries, args));
    try {
      await askTarget(deployments.targetOf(environment).transport(args.packageId, signal), signal, REFUSAL);
      await database.transactionInReserve((queries) => endTransport(deps, queries, { ...args, job, environment }));
    } catch (error) {
      if (!(error instanceof Refusal) || error.code !== 'SHUTTING_DOWN') await endFailed(deps, job, error);
      throw error;
    }
  });
}

async function beginTransport(
  { clock }: TransportPackageDeps,
  queries: Queries,
  { app, mode, packageId }: TransportPackageArgs,
) {
  if ((await findApp(queries, app.id)) === undefined) throw new Refusal('APP_NOT_FOUND');
  const environment = await getEnvironment(queries, app, mode);
  const row = await findPackage(queries, app.id, packageId);
  if (row === undefined) throw new Refusal('PACKAGE_NOT_FOUND', `The app has no package '${packageId}'.`);
  if (row.status !== 'Succeeded') throw refusePackage(row.status, packageId);
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

async function endTransport(
  { clock }: TransportPackageDeps,
  queries: Queries,
  { user, app, packageId, job, environment }: TransportPackageArgs & Awaited<ReturnType<typeof beginTransport>>,
): Promise<void> {
  // Its app was deleted meanwhile.
  if (!(await endJob(queries, job, { at: clock() }))) throw new Refusal('ENVIRONMENT_NOT_FOUND');
  const status = environment.status === 'Empty' ? ({ status: 'Stopped' } as const) : {};
  await updateEnvironment(queries, environment.id, { package_id: packageId, ...status });
  await insertAuditEntry(queries, {
    at: clock(),
    login: user.login,
    action: 'environment.transport',
    subject: app.app_id,
    detail: `${environment.mode} ${packageId}`,
  });
}

/** The codes are those of packages that are still being processed, and of those that could not be. */
function refusePackage(status: PackageStatus, id: PackageId): Refusal {
  return hasEnded(status)
    ? new Refusal('NOT ALLOWED', `Cannot transport the package '${id}': its build failed. Build another one.`)
    : new Refusal(
        'SERVICE UNAVAILABLE',
        `Cannot transport the package '${id}': it is ${status}. Retry once it Succeeded.`,
      );
}

async function endFailed({ database, clock }: TransportPackageDeps, job: string, error: unknown): Promise<void> {
  const failure = error instanceof Refusal ? { code: error.code, message: error.message } : UNEXPECTED;
  await database.transactionInReserve((queries) => endJob(queries, job, { at: clock(), failure }));
}

const UNEXPECTED = {
  code: 'TRANSPORT_FAILED',
  message: `${REFUSAL.what}: an unexpected error, which is in the server log.`,
} as const;
