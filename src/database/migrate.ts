import { type Kysely, sql } from 'kysely';
import { type Migration, Migrator } from 'kysely/migration';
import * as first from './migrations/0001-first.ts';
import * as deletedApps from './migrations/0002-deleted-apps.ts';
import * as appSettings from './migrations/0003-app-settings.ts';
import * as appSecrets from './migrations/0004-app-secrets.ts';
import * as mendixProjects from './migrations/0007-mendix-projects.ts';
import * as mendixVersions from './migrations/0008-mendix-versions.ts';
import * as tokenScopes from './migrations/0009-token-scopes.ts';
import * as environments from './migrations/0010-environments.ts';
import * as uploads from './migrations/0011-uploads.ts';
import * as targetOptions from './migrations/0012-target-options.ts';
import * as permissions from './migrations/0013-permissions.ts';
import * as settings from './migrations/0014-settings.ts';
import * as freeApps from './migrations/0015-free-apps.ts';
import * as webhooks from './migrations/0016-webhooks.ts';
import * as messageLanes from './migrations/0017-message-lanes.ts';
import * as pushes from './migrations/0018-pushes.ts';
import * as retention from './migrations/0019-retention.ts';
import * as messageLog from './migrations/0021-message-log.ts';
import * as leases from './migrations/0022-leases.ts';
import * as buildLogChunks from './migrations/0023-build-log-chunks.ts';
import * as deploymentOrders from './migrations/0024-deployment-orders.ts';
import * as moves from './migrations/0025-moves.ts';
import * as servedBy from './migrations/0026-served-by.ts';
import * as installation from './migrations/0027-installation.ts';
import * as traceParent from './migrations/0028-trace-parent.ts';
import * as storeMarks from './migrations/0029-store-marks.ts';
import * as secretKeyId from './migrations/0030-secret-key-id.ts';
import type { Tables } from './schema.ts';

/** Every migration, in order. One that has been released is never changed; there is no way back. */
const MIGRATIONS: Readonly<Record<string, Migration>> = {
  '0001-first': first,
  '0002-deleted-apps': deletedApps,
  '0003-app-settings': appSettings,
  '0004-app-secrets': appSecrets,
  '0007-mendix-projects': mendixProjects,
  '0008-mendix-versions': mendixVersions,
  '0009-token-scopes': tokenScopes,
  '0010-environments': environments,
  '0011-uploads': uploads,
  '0012-target-options': targetOptions,
  '0013-permissions': permissions,
  '0014-settings': settings,
  '0015-free-apps': freeApps,
  '0016-webhooks': webhooks,
  '0017-message-lanes': messageLanes,
  '0018-pushes': pushes,
  '0019-retention': retention,
  '0021-message-log': messageLog,
  '0022-leases': leases,
  '0023-build-log-chunks': buildLogChunks,
  '0024-deployment-orders': deploymentOrders,
  '0025-moves': moves,
  '0026-served-by': servedBy,
  '0027-installation': installation,
  '0028-trace-parent': traceParent,
  '0029-store-marks': storeMarks,
  '0030-secret-key-id': secretKeyId,
};

/** The database was changed by a version of this program that is newer than this one. */
export class NewerDatabase extends Error {
  override readonly name = 'NewerDatabase';
}

/**
 * Brings the schema up to this program's.
 *
 * @throws NewerDatabase; Error when a migration failed
 */
export async function migrate(database: Kysely<Tables>): Promise<void> {
  const migrator = new Migrator({ db: database, provider: { getMigrations: async () => MIGRATIONS } });
  const { error } = await migrator.migrateToLatest();
  if (error === undefined) return;
  if (await hasUnknownMigrations(database)) throw new NewerDatabase('A newer Slipway has made it.', { cause: error });
  throw new Error('The database could not be brought up to date.', { cause: error });
}

/** Those of some migrations that this program does not know: a newer one has made them. */
export function unknownMigrations(names: readonly string[]): readonly string[] {
  return names.filter((name) => !(name in MIGRATIONS));
}

/** Those of this program's migrations that are not among some. */
export function missingMigrations(names: readonly string[]): readonly string[] {
  return Object.keys(MIGRATIONS).filter((name) => !names.includes(name));
}

/** The names of the migrations that a database has seen, in order. */
export async function listMigrations(database: Kysely<Tables>): Promise<string[]> {
  const { rows } = await sql<{ readonly name: string }>`select name from kysely_migration order by name`.execute(
    database,
  );
  return rows.map(({ name }) => name);
}

async function hasUnknownMigrations(database: Kysely<Tables>): Promise<boolean> {
  const names = await listMigrations(database).catch(() => []);
  return unknownMigrations(names).length > 0;
}
