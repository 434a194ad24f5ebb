import type { ColumnDataType, Kysely } from 'kysely';
import type { Tables } from '../schema.ts';

/** Orders to systems that deploy, whose reports are waited for or have come: any server may be given them. */
export async function up(database: Kysely<Tables>): Promise<void> {
  const time: ColumnDataType = database.getExecutor().adapter.supportsTransactionalDdl ? 'bigint' : 'integer';
  await database.schema
    .createTable('deployment_orders')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('environment_id', 'text', (column) => column.notNull())
    .addColumn('holder', 'text', (column) => column.notNull())
    .addColumn('report', 'text')
    .addColumn('created_at', time, (column) => column.notNull())
    .execute();
}
