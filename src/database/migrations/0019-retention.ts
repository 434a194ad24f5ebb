import { type ColumnDataType, type Kysely, sql } from 'kysely';
import type { Tables } from '../schema.ts';

/** What is kept of packages: those that are pinned, those that environments held last, the newest of each branch. */
export async function up(database: Kysely<Tables>): Promise<void> {
  const { schema } = database;
  const time: ColumnDataType = database.getExecutor().adapter.supportsTransactionalDdl ? 'bigint' : 'integer';
  await schema
    .alterTable('packages')
    .addColumn('pinned', 'integer', (column) => column.notNull().defaultTo(0))
    .execute();
  await schema
    .createTable('held_packages')
    .addColumn('environment_id', 'text', (column) => column.notNull().references('environments.id'))
    .addColumn('package_id', 'text', (column) => column.notNull())
    .addColumn('held_at', time, (column) => column.notNull())
    .addPrimaryKeyConstraint('held_packages_key', ['environment_id', 'package_id'])
    .execute();
  await schema.createIndex('held_packages_by_package').on('held_packages').column('package_id').execute();
  // In place of the one by `blob_key`, which stands beside the same packages and answers nothing without reading them.
  await schema.dropIndex('packages_built').execute();
  for (const [name, status] of [
    ['packages_succeeded', 'Succeeded'],
    ['packages_failed', 'Failed'],
  ] as const) {
    await schema
      .createIndex(name)
      .on('packages')
      .columns(['app_id', 'branch', 'sequence'])
      .where(sql.ref('status'), '=', sql.lit(status))
      .execute();
  }
  await schema
    .createIndex('deployment_jobs_at_work')
    .on('deployment_jobs')
    .columns(['environment_id', 'package_id'])
    .where(sql.ref('state'), '=', sql.lit('UnderWay'))
    .execute();
  await schema
    .createIndex('outbox_deploys')
    .on('outbox')
    .column('app_id')
    .where(sql.ref('kind'), '=', sql.lit('deploy'))
    .execute();
  await fillHeldPackages(database);
}

/** What is known: transports and starts that were not swept yet, and what environments hold and run. */
async function fillHeldPackages(database: Kysely<Tables>): Promise<void> {
  await sql`
    insert into held_packages (environment_id, package_id, held_at)
    select environment_id, package_id, max(held_at) from (
      select environment_id, package_id, finished_at as held_at from deployment_jobs where state = 'Done'
      union all
      select id, package_id, created_at from environments where package_id is not null
      union all
      select id, running_package_id, created_at from environments where running_package_id is not null
    ) as known
    where package_id in (select id from packages)
    group by environment_id, package_id`.execute(database);
}
