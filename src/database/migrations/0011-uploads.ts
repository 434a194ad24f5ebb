import type { Kysely } from 'kysely';
import type { Tables } from '../schema.ts';

/** Packages that nobody built here. */
export async function up(database: Kysely<Tables>): Promise<void> {
  await database.schema
    .alterTable('packages')
    .addColumn('origin', 'text', (column) => column.notNull().defaultTo('build'))
    .execute();
}
