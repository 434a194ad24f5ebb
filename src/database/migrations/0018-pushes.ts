import { type ColumnDataType, type Kysely, sql } from 'kysely';
import { PUSH_STATUSES } from '../../protocol/pushes.ts';
import type { Tables } from '../schema.ts';

/** Who may send pushes of an app, which of them start builds, and what became of each. */
export async function up(database: Kysely<Tables>): Promise<void> {
  const { schema } = database;
  const postgres = database.getExecutor().adapter.supportsTransactionalDdl;
  const counter: ColumnDataType = postgres ? 'bigserial' : 'integer';
  const time: ColumnDataType = postgres ? 'bigint' : 'integer';

  await schema
    .createTable('push_secrets')
    .addColumn('app_id', 'text', (column) => column.primaryKey().references('apps.id'))
    .addColumn('secrets', 'text', (column) => column.notNull())
    .addColumn('changed_at', time, (column) => column.notNull())
    .execute();

  await schema
    .createTable('push_rules')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('app_id', 'text', (column) => column.notNull().references('apps.id'))
    .addColumn('position', 'integer', (column) => column.notNull())
    .addColumn('branch', 'text', (column) => column.notNull())
    .addColumn('version', 'text', (column) => column.notNull())
    .addColumn('description', 'text', (column) => column.notNull())
    .addColumn('latest_only', 'integer', (column) => column.notNull())
    .addColumn('owner_id', 'text', (column) => column.notNull().references('users.id'))
    .addColumn('changed_at', time, (column) => column.notNull())
    .addUniqueConstraint('one_rule_for_a_branch', ['app_id', 'branch'])
    .execute();

  const statuses = sql.join(PUSH_STATUSES.map((word) => sql.lit(word)));
  await schema
    .createTable('pushes')
    .addColumn('sequence', counter, (column) => (postgres ? column.primaryKey() : column.primaryKey().autoIncrement()))
    .addColumn('id', 'text', (column) => column.notNull().unique())
    .addColumn('app_id', 'text', (column) => column.notNull().references('apps.id'))
    .addColumn('delivery_id', 'text')
    .addColumn('digest', 'text')
    .addColumn('branch', 'text', (column) => column.notNull())
    .addColumn('is_main_line', 'integer')
    .addColumn('before_revision', 'text', (column) => column.notNull())
    .addColumn('after_revision', 'text', (column) => column.notNull())
    .addColumn('pusher', 'text', (column) => column.notNull())
    .addColumn('summary', 'text', (column) => column.notNull())
    .addColumn('status', 'text', (column) => column.notNull().check(sql`status in (${statuses})`))
    .addColumn('rule_id', 'text')
    .addColumn('rule_branch', 'text')
    .addColumn('package_id', 'text')
    .addColumn('reason', 'text')
    .addColumn('attempts', 'integer', (column) => column.notNull())
    .addColumn('received_at', time, (column) => column.notNull())
    .addColumn('due_at', time, (column) => column.notNull())
    .addColumn('ended_at', time)
    .addUniqueConstraint('delivered_once', ['app_id', 'branch', 'delivery_id'])
    .addUniqueConstraint('sent_once', ['app_id', 'branch', 'digest'])
    .addCheckConstraint('waiting_or_ended', sql`(status = 'Waiting') = (ended_at is null)`)
    .addCheckConstraint('started_with_package', sql`(status = 'Started') = (package_id is not null)`)
    .execute();
  await schema.createIndex('pushes_of_app').on('pushes').columns(['app_id', 'sequence']).execute();
  await schema
    .createIndex('pushes_waiting')
    .on('pushes')
    .columns(['app_id', 'sequence'])
    .where(sql.ref('status'), '=', sql.lit('Waiting'))
    .execute();
  await schema
    .createIndex('pushes_by_end')
    .on('pushes')
    .column('ended_at')
    .where(sql.ref('ended_at'), 'is not', null)
    .execute();

  // For the version of the package that was accepted last for a branch, built or not. Uploads have none; and a query has to
  // say so, which keeps SQLite from taking this index where one of fewer rows fits.
  await schema
    .createIndex('packages_of_branch')
    .on('packages')
    .columns(['app_id', 'branch', 'sequence'])
    .where(sql.ref('branch'), '<>', sql.lit(''))
    .execute();
}
