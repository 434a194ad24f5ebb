import type { Kysely } from 'kysely';
import type { Tables } from '../schema.ts';

/** A key that is not good for everything. */
export async function up(database: Kysely<Tables>): Promise<void> {
  await database.schema.alterTable('api_keys').addColumn('scopes', 'text').execute();
}
