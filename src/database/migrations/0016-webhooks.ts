import { type ColumnDataType, type Kysely, sql } from 'kysely';
import { MESSAGE_STATUSES } from '../../protocol/webhook-events.ts';
import type { Tables } from '../schema.ts';

/** Who is told of what happens to an app, what each is told, and how every attempt went. */
export async function up(database: Kysely<Tables>): Promise<void> {
  const { schema } = database;
  const postgres = database.getExecutor().adapter.supportsTransactionalDdl;
  const counter: ColumnDataType = postgres ? 'bigserial' : 'integer';
  const time: ColumnDataType = postgres ? 'bigint' : 'integer';

  await schema
    .createTable('webhooks')
    .addColumn('sequence', counter, (column) => (postgres ? column.primaryKey() : column.primaryKey().autoIncrement()))
    .addColumn('id', 'text', (column) => column.notNull().unique())
    .addColumn('app_id', 'text', (column) => column.notNull().references('apps.id'))
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('url', 'text', (column) => column.notNull())
    .addColumn('event_types', 'text', (column) => column.notNull())
    .addColumn('is_active', 'integer', (column) => column.notNull())
    .addColumn('secrets', 'text', (column) => column.notNull())
    .addColumn('headers', 'text')
    .addColumn('note', 'text')
    .addColumn('failures', 'integer', (column) => column.notNull().defaultTo(0))
    .addColumn('failing_since', time)
    .addColumn('rests_until', time, (column) => column.notNull().defaultTo(0))
    .addColumn('created_at', time, (column) => column.notNull())
    .execute();
  await schema.createIndex('webhooks_of_app').on('webhooks').columns(['app_id', 'sequence']).execute();

  const statuses = sql.join(MESSAGE_STATUSES.map((word) => sql.lit(word)));
  await schema
    .createTable('webhook_messages')
    .addColumn('sequence', counter, (column) => (postgres ? column.primaryKey() : column.primaryKey().autoIncrement()))
    .addColumn('id', 'text', (column) => column.notNull().unique())
    .addColumn('webhook_id', 'text', (column) => column.notNull().references('webhooks.id'))
    .addColumn('event_type', 'text', (column) => column.notNull())
    .addColumn('payload', 'text', (column) => column.notNull())
    .addColumn('is_test', 'integer', (column) => column.notNull())
    .addColumn('status', 'text', (column) => column.notNull().check(sql`status in (${statuses})`))
    .addColumn('attempts', 'integer', (column) => column.notNull())
    .addColumn('created_at', time, (column) => column.notNull())
    .addColumn('due_at', time, (column) => column.notNull())
    .addColumn('ended_at', time)
    .addCheckConstraint('pending_or_ended', sql`(status = 'Pending') = (ended_at is null)`)
    .execute();
  await schema
    .createIndex('webhook_messages_of_webhook')
    .on('webhook_messages')
    .columns(['webhook_id', 'sequence'])
    .execute();
  await schema
    .createIndex('webhook_messages_pending')
    .on('webhook_messages')
    .columns(['webhook_id', 'due_at'])
    .where(sql.ref('status'), '=', sql.lit('Pending'))
    .execute();
  await schema
    .createIndex('webhook_messages_by_end')
    .on('webhook_messages')
    .column('ended_at')
    .where(sql.ref('ended_at'), 'is not', null)
    .execute();

  await schema
    .createTable('webhook_attempts')
    .addColumn('id', counter, (column) => (postgres ? column.primaryKey() : column.primaryKey().autoIncrement()))
    .addColumn('message_id', 'text', (column) => column.notNull().references('webhook_messages.id'))
    .addColumn('at', time, (column) => column.notNull())
    .addColumn('duration_ms', 'integer', (column) => column.notNull())
    .addColumn('url', 'text', (column) => column.notNull())
    .addColumn('request_headers', 'text', (column) => column.notNull())
    .addColumn('response_status', 'integer')
    .addColumn('response_headers', 'text')
    .addColumn('response_body', 'text')
    .addColumn('error', 'text')
    .execute();
  await schema
    .createIndex('webhook_attempts_of_message')
    .on('webhook_attempts')
    .columns(['message_id', 'id'])
    .execute();
}
