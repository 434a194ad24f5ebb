import { type ColumnDataType, type Kysely, sql } from 'kysely';
import { PACKAGE_STATUSES } from '../../protocol/package.ts';
import type { Tables } from '../schema.ts';

export async function up(database: Kysely<Tables>): Promise<void> {
  const schema = database.schema;
  // A number that grows: what SQLite calls an integer primary key and PostgreSQL an identity.
  const postgres = database.getExecutor().adapter.supportsTransactionalDdl;
  const counter: ColumnDataType = postgres ? 'bigserial' : 'integer';
  const time: ColumnDataType = postgres ? 'bigint' : 'integer';

  await schema
    .createTable('users')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('login', 'text', (column) => column.notNull().unique())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('is_admin', 'integer', (column) => column.notNull())
    .addColumn('created_at', time, (column) => column.notNull())
    .addColumn('disabled_at', time)
    .execute();

  await schema
    .createTable('api_keys')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('user_id', 'text', (column) => column.notNull().references('users.id'))
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('hash', 'text', (column) => column.notNull().unique())
    .addColumn('created_at', time, (column) => column.notNull())
    .addColumn('expires_at', time)
    .addColumn('last_used_at', time)
    .addColumn('revoked_at', time)
    .execute();
  await schema.createIndex('api_keys_by_user').on('api_keys').column('user_id').execute();

  await schema
    .createTable('apps')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('app_id', 'text', (column) => column.notNull().unique())
    .addColumn('project_id', 'text', (column) => column.notNull().unique())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('repository', 'text', (column) => column.notNull())
    .addColumn('main_branch', 'text')
    .addColumn('created_at', time, (column) => column.notNull())
    .addColumn('served_at', time, (column) => column.notNull().defaultTo(0))
    .execute();

  await schema
    .createTable('api_rights')
    .addColumn('app_id', 'text', (column) => column.notNull().references('apps.id'))
    .addColumn('user_id', 'text', (column) => column.notNull().references('users.id'))
    .addColumn('created_at', time, (column) => column.notNull())
    .addPrimaryKeyConstraint('api_rights_key', ['app_id', 'user_id'])
    .execute();

  await schema
    .createTable('packages')
    .addColumn('sequence', counter, (column) => (postgres ? column.primaryKey() : column.primaryKey().autoIncrement()))
    .addColumn('id', 'text', (column) => column.notNull().unique())
    .addColumn('app_id', 'text', (column) => column.notNull().references('apps.id'))
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('description', 'text', (column) => column.notNull())
    .addColumn('version', 'text', (column) => column.notNull())
    .addColumn('creator_login', 'text', (column) => column.notNull())
    .addColumn('creator_name', 'text', (column) => column.notNull())
    .addColumn('created_at', time, (column) => column.notNull())
    .addColumn('status', 'text', (column) => column.notNull().check(sql`status in (${list(PACKAGE_STATUSES)})`))
    .addColumn('branch', 'text', (column) => column.notNull())
    .addColumn('is_main_line', 'integer', (column) => column.notNull())
    .addColumn('revision', 'text', (column) => column.notNull())
    .addColumn('attempt', 'integer', (column) => column.notNull())
    .addColumn('interruptions', 'integer', (column) => column.notNull())
    .addColumn('worker', 'text')
    .addColumn('lease_expires_at', time)
    .addColumn('started_at', time)
    .addColumn('finished_at', time)
    .addColumn('failure_code', 'text')
    .addColumn('failure_reason', 'text')
    .addColumn('size_bytes', time, (column) => column.notNull())
    .addColumn('sha256', 'text')
    .addColumn('blob_key', 'text')
    .addColumn('tag_status', 'text')
    .addColumn('tag_message', 'text')
    .addCheckConstraint('failed_with_reason', sql`(status = 'Failed') = (failure_code is not null)`)
    .addCheckConstraint('succeeded_with_file', sql`(status = 'Succeeded') = (blob_key is not null)`)
    .execute();
  await schema.createIndex('packages_of_app').on('packages').columns(['app_id', 'sequence']).execute();
  await schema
    .createIndex('packages_built')
    .on('packages')
    .columns(['app_id', 'branch', 'sequence'])
    .where(sql.ref('blob_key'), 'is not', null)
    .execute();
  await schema
    .createIndex('packages_queued')
    .on('packages')
    .columns(['app_id', 'sequence'])
    .where(sql.ref('status'), '=', sql.lit('Queued'))
    .execute();
  await schema
    .createIndex('packages_under_way')
    .on('packages')
    .columns(['app_id', 'lease_expires_at'])
    .where(sql.ref('status'), 'in', sql`('Building', 'Uploading')`)
    .execute();

  await schema
    .createTable('idempotency_keys')
    .addColumn('app_id', 'text', (column) => column.notNull().references('apps.id'))
    .addColumn('user_id', 'text', (column) => column.notNull().references('users.id'))
    .addColumn('key', 'text', (column) => column.notNull())
    .addColumn('request_hash', 'text', (column) => column.notNull())
    .addColumn('package_id', 'text', (column) => column.notNull())
    .addColumn('created_at', time, (column) => column.notNull())
    .addPrimaryKeyConstraint('idempotency_keys_key', ['app_id', 'user_id', 'key'])
    .execute();
  await schema.createIndex('idempotency_keys_by_age').on('idempotency_keys').column('created_at').execute();

  await schema
    .createTable('outbox')
    .addColumn('id', counter, (column) => (postgres ? column.primaryKey() : column.primaryKey().autoIncrement()))
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('package_id', 'text', (column) => column.notNull())
    .addColumn('app_id', 'text', (column) => column.notNull())
    .addColumn('created_at', time, (column) => column.notNull())
    .addColumn('attempts', 'integer', (column) => column.notNull())
    .addColumn('due_at', time, (column) => column.notNull())
    .execute();
  await schema.createIndex('outbox_by_due').on('outbox').columns(['due_at', 'id']).execute();
  await schema.createIndex('outbox_by_package').on('outbox').column('package_id').execute();

  await schema
    .createTable('audit')
    .addColumn('id', counter, (column) => (postgres ? column.primaryKey() : column.primaryKey().autoIncrement()))
    .addColumn('at', time, (column) => column.notNull())
    .addColumn('login', 'text', (column) => column.notNull())
    .addColumn('action', 'text', (column) => column.notNull())
    .addColumn('subject', 'text', (column) => column.notNull())
    .addColumn('detail', 'text', (column) => column.notNull())
    .execute();
}

/** The words of one of the lists in `protocol/` and `domain/`, for a check constraint. */
function list(words: readonly string[]) {
  return sql.join(words.map((word) => sql.lit(word)));
}
