import { type Kysely, sql } from 'kysely';
import type { Tables } from '../schema.ts';

/** Finds those of a long log that were delivered, or that failed, without the others. */
export async function up(database: Kysely<Tables>): Promise<void> {
  await database.schema
    .createIndex('webhook_messages_by_outcome')
    .on('webhook_messages')
    .columns(['webhook_id', 'status', 'sequence', 'created_at'])
    .where(sql.ref('ended_at'), 'is not', null)
    .execute();
}
