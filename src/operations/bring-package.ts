import { randomUUID } from 'node:crypto';
import { insertAuditEntry } from '../database/audit.ts';
import type { Database, Queries } from '../database/database.ts';
import { endJob, insertJob } from '../database/deployment-jobs.ts';
import { updateEnvironment } from '../database/environments.ts';
import { recordHeld } from '../database/held-packages.ts';
import type { AppRow, EnvironmentRow } from '../database/schema.ts';
import type { Deployments } from '../deployment/deployments.ts';
import type { Turn } from '../deployment/leased-turn.ts';
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
export async function bringPackage(
  deps: BringPackageDeps,
  args: BringPackageArgs,
  { signal, database }: Turn,
): Promise<void> {
  const { deployments } = deps;
  await readDeclaredSettings(deps, args.packageId);
  const { job, environment } = await database.transaction((queries) => beginJob(deps, queries, args));
  try {
    await askTarget(deployments.targetOf(environment).transport(args.packageId, signal), signal, REFUSAL);
    await database.transactionInReserve((queries) => endTransport(deps, queries, { ...args, job, environment }));
  } catch (error) {
    if (!(error instanceof Refusal) || error.code !== 'SHUTTING_DOWN')
      await endFailed({ ...deps, database }, job, error);
    throw error;
  }
}

async function endTransport(
  { clock }: BringPackageDeps,
  queries: Queries,
  { login, app, packageId, job, environment }: BringPackageArgs & Awaited<ReturnType<typeof beginJob>>,
): Promise<void> {
  // Its app was deleted meanwhile.
  const at = clock();
  if (!(await endJob(queries, job, { at }))) throw new Refusal('ENVIRONMENT_NOT_FOUND');
  const status = environment.status === 'Empty' ? ({ status: 'Stopped' } as const) : {};
  await updateEnvironment(queries, environment.id, { package_id: packageId, ...status });
  await recordHeld(queries, { environmentId: environment.id, packageId, at });
  await insertAuditEntry(queries, {
    at,
    login,
    action: 'environment.transport',
    subject: app.app_id,
    detail: `${environment.mode} ${packageId}`,
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

async function endFailed(
  { database, clock }: Pick<BringPackageDeps, 'database' | 'clock'>,
  job: string,
  error: unknown,
): Promise<void> {
  const failure = error instanceof Refusal ? { code: error.code, message: error.message } : UNEXPECTED;
  await database.transactionInReserve((queries) => endJob(queries, job, { at: clock(), failure }));
}

const UNEXPECTED = {
  code: 'TRANSPORT_FAILED',
  message: `${REFUSAL.what}: an unexpected error, which is in the server log.`,
} as const;
