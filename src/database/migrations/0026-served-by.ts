import type { Kysely } from 'kysely';
import type { Tables } from '../schema.ts';

/** Which worker has built an app last: it has the mirror of the app's repository. */
export async function up(database: Kysely<Tables>): Promise<void> {
  await database.schema.alterTable('apps').addColumn('served_by', 'text').execute();
}
