import type { Kysely } from 'kysely';
import type { Tables } from '../schema.ts';

/** An app that was deleted stays until its packages are gone, a page at a time. */
export async function up(database: Kysely<Tables>): Promise<void> {
  const postgres = database.getExecutor().adapter.supportsTransactionalDdl;
  await database.schema
    .alterTable('apps')
    .addColumn('deleted_at', postgres ? 'bigint' : 'integer')
    .execute();
}
