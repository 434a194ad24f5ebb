import { type ColumnDataType, type Kysely, sql } from 'kysely';
import type { Tables } from '../schema.ts';

/** The logs of builds, where many servers share a database: text while it comes, a blob once the build has ended. */
export async function up(database: Kysely<Tables>): Promise<void> {
  const size: ColumnDataType = database.getExecutor().adapter.supportsTransactionalDdl ? 'bigint' : 'integer';
  await database.schema
    .createTable('build_log_chunks')
    .addColumn('package_id', 'text', (column) => column.notNull())
    .addColumn('position', size, (column) => column.notNull())
    .addColumn('size_bytes', size, (column) => column.notNull())
    .addColumn('text', 'text')
    .addColumn('blob_key', 'text')
    .addPrimaryKeyConstraint('build_log_chunks_key', ['package_id', 'position'])
    .addCheckConstraint('build_log_chunks_one_form', sql`(text is null) <> (blob_key is null)`)
    .execute();
  // Of a million logs these few have not become a blob.
  await database.schema
    .createIndex('build_log_chunks_of_text')
    .on('build_log_chunks')
    .column('package_id')
    .where(sql.ref('blob_key'), 'is', null)
    .execute();
}
