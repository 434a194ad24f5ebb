import type { Kysely } from 'kysely';
import type { Tables } from '../schema.ts';

/** What a builder found out about a Mendix project, and found wrong with it. */
export async function up(database: Kysely<Tables>): Promise<void> {
  await database.schema.alterTable('packages').addColumn('mendix_version', 'text').execute();
  await database.schema.alterTable('packages').addColumn('problems', 'text').execute();
}
