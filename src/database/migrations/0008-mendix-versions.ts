import type { Kysely } from 'kysely';
import type { Tables } from '../schema.ts';

/** Of which Mendix a revision is: it never changes, and reading it out of a project file takes a while. */
export async function up(database: Kysely<Tables>): Promise<void> {
  await database.schema
    .createTable('mendix_versions')
    .addColumn('app_id', 'text', (column) => column.notNull().references('apps.id'))
    .addColumn('subject', 'text', (column) => column.notNull())
    .addColumn('version', 'text')
    .addPrimaryKeyConstraint('mendix_versions_key', ['app_id', 'subject'])
    .execute();
}
