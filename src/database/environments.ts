import { sql } from 'kysely';
import type { ModeKey } from '../domain/environment-mode.ts';
import type { PackageId } from '../domain/identifiers.ts';
import type { Queries } from './database.ts';
import { deleteHeldPackages } from './held-packages.ts';
import { deletePermissionsOfEnvironment } from './permissions.ts';
import type { EnvironmentRow } from './schema.ts';

/** An environment, with what it shows of the package that it holds. */
export interface HoldingEnvironment extends EnvironmentRow {
  readonly package_version: string | null;
  readonly package_mendix_version: string | null;
}

/** Finds an environment of an app. */
export function findEnvironment(
  queries: Queries,
  appKey: string,
  mode: ModeKey,
): Promise<HoldingEnvironment | undefined> {
  return environmentsOf(queries, appKey).where('mode_key', '=', mode).executeTakeFirst();
}

/** Finds an environment by its id: for the server itself, never for a client. */
export function findEnvironmentById(queries: Queries, id: string): Promise<EnvironmentRow | undefined> {
  return queries.selectFrom('environments').selectAll().where('id', '=', id).executeTakeFirst();
}

/** The environments of an app, the oldest first. */
export function listEnvironments(queries: Queries, appKey: string): Promise<HoldingEnvironment[]> {
  return environmentsOf(queries, appKey).orderBy('environments.created_at').orderBy('mode_key').execute();
}

function environmentsOf(queries: Queries, appKey: string) {
  return queries
    .selectFrom('environments')
    .leftJoin('packages', 'packages.id', 'environments.package_id')
    .selectAll('environments')
    .select(['packages.version as package_version', 'packages.mendix_version as package_mendix_version'])
    .where('environments.app_id', '=', appKey);
}

export async function insertEnvironment(queries: Queries, row: EnvironmentRow): Promise<void> {
  await queries.insertInto('environments').values(row).execute();
}

export async function updateEnvironment(
  queries: Queries,
  id: string,
  changes: Partial<
    Pick<EnvironmentRow, 'status' | 'package_id' | 'running_package_id' | 'url' | 'is_production' | 'target_options'>
  >,
): Promise<void> {
  await queries.updateTable('environments').set(changes).where('id', '=', id).execute();
}

export async function deleteEnvironmentRow(queries: Queries, id: string): Promise<void> {
  await queries.deleteFrom('deployment_jobs').where('environment_id', '=', id).execute();
  await queries.deleteFrom('environment_settings').where('environment_id', '=', id).execute();
  await deleteHeldPackages(queries, [id]);
  await deletePermissionsOfEnvironment(queries, id);
  await queries.deleteFrom('environments').where('id', '=', id).execute();
}

/** Deletes the environments of an app, with their jobs and their settings. */
export async function deleteEnvironmentsOf(queries: Queries, appKey: string): Promise<void> {
  const ofApp = queries.selectFrom('environments').select('id').where('app_id', '=', appKey);
  await queries.deleteFrom('deployment_jobs').where('environment_id', 'in', ofApp).execute();
  await queries.deleteFrom('environment_settings').where('environment_id', 'in', ofApp).execute();
  await deleteHeldPackages(queries, ofApp.$asScalar());
  await queries.deleteFrom('environments').where('app_id', '=', appKey).execute();
}

/**
 * Finds an environment of an app that runs, starts, or is being given a package.
 *
 * @returns its mode
 */
export async function findModeInUse(queries: Queries, appKey: string): Promise<string | undefined> {
  const running = queries
    .selectFrom('environments')
    .select('mode')
    .where('app_id', '=', appKey)
    .where('status', '=', 'Running');
  const underWay = queries
    .selectFrom('deployment_jobs')
    .innerJoin('environments', 'environments.id', 'deployment_jobs.environment_id')
    .select('mode')
    .where('app_id', '=', appKey)
    .where('state', '=', sql.lit('UnderWay'));
  const row = await running.unionAll(underWay).limit(1).executeTakeFirst();
  return row?.mode;
}

/**
 * Finds an environment that uses a package: holds it, runs it, or is being given or started with it.
 *
 * @returns its mode
 */
export async function findModeUsing(queries: Queries, id: PackageId): Promise<string | undefined> {
  const row = await uses(queries, { packageId: id }).limit(1).executeTakeFirst();
  return row?.mode;
}

/** The packages that environments of an app use: hold, run, or are being given or started with. */
export async function listPackagesInUse(queries: Queries, appKey: string): Promise<PackageId[]> {
  const rows = await uses(queries, { appKey }).execute();
  return rows.flatMap(({ package_id }) => (package_id === null ? [] : [package_id]));
}

function uses(queries: Queries, of: { readonly packageId: PackageId } | { readonly appKey: string }) {
  const environments = queries.selectFrom('environments');
  const jobs = queries
    .selectFrom('deployment_jobs')
    .innerJoin('environments', 'environments.id', 'deployment_jobs.environment_id')
    .where('state', '=', sql.lit('UnderWay'))
    .select(['deployment_jobs.package_id', 'mode']);
  const holding = environments.select(['package_id', 'mode']);
  const running = environments.select(['running_package_id as package_id', 'mode']);
  if ('appKey' in of) {
    const { appKey } = of;
    const ofApp = holding.where('app_id', '=', appKey).unionAll(running.where('app_id', '=', appKey));
    return ofApp.unionAll(jobs.where('app_id', '=', appKey));
  }
  const { packageId } = of;
  const ofPackage = holding.where('package_id', '=', packageId);
  return ofPackage
    .unionAll(running.where('running_package_id', '=', packageId))
    .unionAll(jobs.where('deployment_jobs.package_id', '=', packageId));
}
