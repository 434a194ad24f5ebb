import { type ColumnDataType, type Kysely, sql } from 'kysely';
import type { Tables } from '../schema.ts';

/** Where packages go, and the work of bringing them there. */
export async function up(database: Kysely<Tables>): Promise<void> {
  const { schema } = database;
  const time: ColumnDataType = database.getExecutor().adapter.supportsTransactionalDdl ? 'bigint' : 'integer';
  await schema
    .createTable('environments')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('app_id', 'text', (column) => column.notNull().references('apps.id'))
    .addColumn('mode', 'text', (column) => column.notNull())
    .addColumn('mode_key', 'text', (column) => column.notNull())
    .addColumn('target', 'text', (column) => column.notNull())
    .addColumn('is_production', 'integer', (column) => column.notNull())
    .addColumn('url', 'text', (column) => column.notNull())
    .addColumn('status', 'text', (column) => column.notNull().check(sql`status in ('Empty', 'Stopped', 'Running')`))
    .addColumn('package_id', 'text')
    .addColumn('running_package_id', 'text')
    .addColumn('created_at', time, (column) => column.notNull())
    .addUniqueConstraint('environments_of_app', ['app_id', 'mode_key'])
    .addCheckConstraint('empty_without_package', sql`(status = 'Empty') = (package_id is null)`)
    .addCheckConstraint('running_with_package', sql`(status = 'Running') = (running_package_id is not null)`)
    .execute();
  await schema.createIndex('environments_by_package').on('environments').column('package_id').execute();
  await schema.createIndex('environments_by_running_package').on('environments').column('running_package_id').execute();

  await schema
    .createTable('deployment_jobs')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('environment_id', 'text', (column) => column.notNull().references('environments.id'))
    .addColumn('kind', 'text', (column) => column.notNull().check(sql`kind in ('transport', 'start')`))
    .addColumn('package_id', 'text', (column) => column.notNull())
    .addColumn('auto_sync_db', 'integer', (column) => column.notNull())
    .addColumn('state', 'text', (column) => column.notNull().check(sql`state in ('UnderWay', 'Done', 'Failed')`))
    .addColumn('error_code', 'text')
    .addColumn('error_message', 'text')
    .addColumn('created_at', time, (column) => column.notNull())
    .addColumn('finished_at', time)
    .addCheckConstraint('failed_with_code', sql`(state = 'Failed') = (error_code is not null)`)
    .addCheckConstraint('under_way_or_finished', sql`(state = 'UnderWay') = (finished_at is null)`)
    .execute();
  await schema
    .createIndex('deployment_jobs_of_environment')
    .on('deployment_jobs')
    .columns(['environment_id', 'created_at'])
    .execute();
  await schema
    .createIndex('deployment_jobs_under_way')
    .on('deployment_jobs')
    .columns(['package_id'])
    .where(sql.ref('state'), '=', sql.lit('UnderWay'))
    .execute();
}
