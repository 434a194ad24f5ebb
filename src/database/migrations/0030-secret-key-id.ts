import type { Kysely } from 'kysely';
import type { Tables } from '../schema.ts';

/** Which key the servers and workers of a shared database have, so that one with another key is told. */
export async function up(database: Kysely<Tables>): Promise<void> {
  await database.schema.alterTable('installation').addColumn('secret_key_id', 'text').execute();
}
