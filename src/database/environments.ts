import { sql } from 'kysely';
import type { ModeKey } from '../domain/environment-mode.ts';
import type { PackageId } from '../domain/identifiers.ts';
import type { Queries } from './database.ts';
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
  await deletePermissionsOfEnvironment(queries, id);
  await queries.deleteFrom('environments').where('id', '=', id).execute();
}

/** Deletes the environments of an app, with their jobs and their settings. */
export async function deleteEnvironmentsOf(queries: Queries, appKey: string): Promise<void> {
  const ofApp = queries.selectFrom('environments').select('id').where('app_id', '=', appKey);
  await queries.deleteFrom('deployment_jobs').where('environment_id', 'in', ofApp).execute();
  await queries.deleteFrom('environment_settings').where('environment_id', 'in', ofApp).execute();
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
  const holding = queries.selectFrom('environments').select('mode').where('package_id', '=', id);
  const running = queries.selectFrom('environments').select('mode').where('running_package_id', '=', id);
  const underWay = queries
    .selectFrom('deployment_jobs')
    .innerJoin('environments', 'environments.id', 'deployment_jobs.environment_id')
    .select('mode')
    .where('deployment_jobs.package_id', '=', id)
    .where('state', '=', sql.lit('UnderWay'));
  const row = await holding.unionAll(running).unionAll(underWay).limit(1).executeTakeFirst();
  return row?.mode;
}
