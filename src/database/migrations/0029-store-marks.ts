import type { Kysely } from 'kysely';
import type { Tables } from '../schema.ts';

/** What the blob store was marked with last, and is about to be marked with: a copy of the database falls behind. */
export async function up(database: Kysely<Tables>): Promise<void> {
  for (const column of ['store_mark', 'next_store_mark']) {
    await database.schema.alterTable('installation').addColumn(column, 'text').execute();
  }
}
