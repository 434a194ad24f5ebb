import type { ColumnDataType, Kysely } from 'kysely';
import type { Tables } from '../schema.ts';

/** What one process alone does at a time, of all that share the database: which one, and until when. */
export async function up(database: Kysely<Tables>): Promise<void> {
  const time: ColumnDataType = database.getExecutor().adapter.supportsTransactionalDdl ? 'bigint' : 'integer';
  await database.schema
    .createTable('leases')
    .addColumn('name', 'text', (column) => column.primaryKey())
    .addColumn('holder', 'text', (column) => column.notNull())
    .addColumn('expires_at', time, (column) => column.notNull())
    .execute();
}
