import type { Kysely } from 'kysely';
import type { Tables } from '../schema.ts';

/** What the target of an environment needs to know. */
export async function up(database: Kysely<Tables>): Promise<void> {
  await database.schema.alterTable('environments').addColumn('target_options', 'text').execute();
}
