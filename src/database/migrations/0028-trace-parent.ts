import type { Kysely } from 'kysely';
import type { Tables } from '../schema.ts';

/** Which trace a build is part of, for whoever goes on with it. */
export async function up(database: Kysely<Tables>): Promise<void> {
  await database.schema.alterTable('packages').addColumn('trace_parent', 'text').execute();
}
