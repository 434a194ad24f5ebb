import type { ColumnDataType, Kysely } from 'kysely';
import type { Tables } from '../schema.ts';

/** Which data folder is being moved into this database, or was. */
export async function up(database: Kysely<Tables>): Promise<void> {
  const time: ColumnDataType = database.getExecutor().adapter.supportsTransactionalDdl ? 'bigint' : 'integer';
  await database.schema
    .createTable('moves')
    .addColumn('source', 'text', (column) => column.primaryKey())
    .addColumn('place', 'text', (column) => column.notNull())
    .addColumn('digest', 'text', (column) => column.notNull())
    .addColumn('began_at', time, (column) => column.notNull())
    .addColumn('finished_at', time)
    .execute();
}
