import type { Kysely } from 'kysely';
import type { Tables } from '../schema.ts';

/** What an app's repository and its builds ask for, sealed. */
export async function up(database: Kysely<Tables>): Promise<void> {
  const postgres = database.getExecutor().adapter.supportsTransactionalDdl;
  await database.schema.alterTable('apps').addColumn('credentials', 'text').execute();
  await database.schema
    .createTable('app_secrets')
    .addColumn('app_id', 'text', (column) => column.notNull().references('apps.id'))
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('value', 'text', (column) => column.notNull())
    .addColumn('changed_at', postgres ? 'bigint' : 'integer', (column) => column.notNull())
    .addPrimaryKeyConstraint('app_secrets_key', ['app_id', 'name'])
    .execute();
}
