import { type Kysely, sql } from 'kysely';
import type { Tables } from '../schema.ts';

/** Finds the next message of a webhook among those that wait, without those that have ended. */
export async function up(database: Kysely<Tables>): Promise<void> {
  await database.schema
    .createIndex('webhook_messages_in_order')
    .on('webhook_messages')
    .columns(['webhook_id', 'sequence', 'due_at'])
    .where(sql.ref('status'), '=', sql.lit('Pending'))
    .execute();
}
