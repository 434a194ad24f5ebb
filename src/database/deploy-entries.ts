import { sql } from 'kysely';
import type { PackageId } from '../domain/identifiers.ts';
import type { Queries } from './database.ts';

/** It stands in the SQL and is not bound: only so does SQLite see that its index of these few rows fits. */
const DEPLOY = sql.lit('deploy' as const);

/** A package that is still to be deployed. */
export interface DeployEntry {
  /** Of the entry in the outbox. */
  readonly id: number;
  readonly package_id: PackageId;
  readonly version: string;
}

/** What the outbox has to deploy of an app: the package that was accepted last comes first. */
export function listDeployEntries(queries: Queries, appKey: string): Promise<DeployEntry[]> {
  return queries
    .selectFrom('outbox')
    .innerJoin('packages', 'packages.id', 'outbox.package_id')
    .select(['outbox.id', 'outbox.package_id', 'packages.version'])
    .where('outbox.kind', '=', DEPLOY)
    .where('outbox.app_id', '=', appKey)
    .orderBy('packages.sequence', 'desc')
    .execute();
}

/** Whether a package is still to be deployed. */
export async function hasDeployEntry(queries: Queries, id: PackageId): Promise<boolean> {
  const row = await queries
    .selectFrom('outbox')
    .select('id')
    .where('package_id', '=', id)
    .where('kind', '=', 'deploy')
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

/** Has a package not be deployed any more by what was entered so far. */
export async function deleteDeployEntries(queries: Queries, id: PackageId): Promise<void> {
  await queries.deleteFrom('outbox').where('package_id', '=', id).where('kind', '=', 'deploy').execute();
}
