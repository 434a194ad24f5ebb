import type { Kysely } from 'kysely';
import { type Migration, Migrator } from 'kysely/migration';
import * as first from './migrations/0001-first.ts';
import * as deletedApps from './migrations/0002-deleted-apps.ts';
import type { Tables } from './schema.ts';

/** Every migration, in order. One that has been released is never changed; there is no way back. */
const MIGRATIONS: Readonly<Record<string, Migration>> = {
  '0001-first': first,
  '0002-deleted-apps': deletedApps,
};

/**
 * Brings the schema up to this program's.
 *
 * @throws Error when the database was made by a newer program, or a migration failed
 */
export async function migrate(database: Kysely<Tables>): Promise<void> {
  const migrator = new Migrator({ db: database, provider: { getMigrations: async () => MIGRATIONS } });
  const { error } = await migrator.migrateToLatest();
  if (error !== undefined) {
    throw new Error('The database could not be brought up to date. Was it made by a newer Slipway?', { cause: error });
  }
}
