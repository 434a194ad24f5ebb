import { randomUUID } from 'node:crypto';
import type { Kysely } from 'kysely';
import type { Tables } from '../schema.ts';

/** A name for this database and what came of it, so that a blob store can be said to be its own. */
export async function up(database: Kysely<Tables>): Promise<void> {
  await database.schema
    .createTable('installation')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .execute();
  await database.insertInto('installation').values({ id: randomUUID() }).execute();
}
