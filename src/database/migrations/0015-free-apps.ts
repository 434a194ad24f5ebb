import { type Kysely, sql } from 'kysely';
import type { Tables } from '../schema.ts';

/** Apps whose packages are deployed as soon as they are built, and what became of that. */
export async function up(database: Kysely<Tables>): Promise<void> {
  const { schema } = database;
  const isLicense = sql`license in ('licensed', 'free')`;
  await schema
    .alterTable('apps')
    .addColumn('license', 'text', (column) => column.notNull().defaultTo('licensed').check(isLicense))
    .execute();
  await schema.alterTable('packages').addColumn('deploy_status', 'text').execute();
  await schema.alterTable('packages').addColumn('deploy_message', 'text').execute();
}
