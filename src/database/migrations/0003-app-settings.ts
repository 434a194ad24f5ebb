import type { Kysely } from 'kysely';
import type { Tables } from '../schema.ts';

/** What an administrator has set for an app beyond its name and its repository, as JSON. */
export async function up(database: Kysely<Tables>): Promise<void> {
  await database.schema
    .alterTable('apps')
    .addColumn('settings', 'text', (column) => column.notNull().defaultTo('{}'))
    .execute();
}
