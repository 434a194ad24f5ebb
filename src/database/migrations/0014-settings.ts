import type { Kysely } from 'kysely';
import type { Tables } from '../schema.ts';

/** What packages can be set up with, and what environments were given. */
export async function up(database: Kysely<Tables>): Promise<void> {
  const { schema } = database;
  await schema
    .createTable('package_settings')
    .addColumn('package_id', 'text', (column) => column.primaryKey())
    .addColumn('declared', 'text', (column) => column.notNull())
    .execute();
  await schema
    .createTable('environment_settings')
    .addColumn('environment_id', 'text', (column) => column.primaryKey().references('environments.id'))
    .addColumn('chosen', 'text')
    .addColumn('starting', 'text')
    .addColumn('deployed', 'text')
    .execute();
}
