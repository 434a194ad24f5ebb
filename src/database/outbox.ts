import type { Queries } from './database.ts';
import type { OutboxRow } from './schema.ts';

export async function insertOutboxEntry(
  queries: Queries,
  entry: Pick<OutboxRow, 'kind' | 'package_id' | 'app_id' | 'created_at' | 'due_at'>,
): Promise<void> {
  await queries
    .insertInto('outbox')
    .values({ ...entry, attempts: 0 })
    .execute();
}

/** What may be tried now, the longest due first. */
export function listDueEntries(queries: Queries, now: number, limit: number): Promise<OutboxRow[]> {
  return queries
    .selectFrom('outbox')
    .selectAll()
    .where('due_at', '<=', now)
    .orderBy('due_at')
    .orderBy('id')
    .limit(limit)
    .execute();
}

/** When the next entry is due, in milliseconds since 1970. */
export async function findNextDueAt(queries: Queries): Promise<number | undefined> {
  const row = await queries.selectFrom('outbox').select('due_at').orderBy('due_at').limit(1).executeTakeFirst();
  return row?.due_at;
}

export async function postponeEntry(queries: Queries, id: number, attempts: number, dueAt: number): Promise<void> {
  await queries.updateTable('outbox').set({ attempts, due_at: dueAt }).where('id', '=', id).execute();
}

/** @returns false when it was gone already, with its package */
export async function deleteEntry(queries: Queries, id: number): Promise<boolean> {
  return (await queries.deleteFrom('outbox').where('id', '=', id).executeTakeFirst()).numDeletedRows > 0n;
}
