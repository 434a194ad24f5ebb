import { noteChange } from './change-notices.ts';
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
  noteChange(queries, 'outbox');
}

/** What of a kind may be tried now, the longest due first. @param except apps whose entries are being tried already */
export function listDueEntries(
  queries: Queries,
  kind: OutboxRow['kind'],
  { now, limit, except = [] }: { readonly now: number; readonly limit: number; readonly except?: readonly string[] },
): Promise<OutboxRow[]> {
  return queries
    .selectFrom('outbox')
    .selectAll()
    .where('kind', '=', kind)
    .where('due_at', '<=', now)
    .where('app_id', 'not in', except)
    .orderBy('due_at')
    .orderBy('id')
    .limit(limit)
    .execute();
}

/** When the next entry of a kind is due, in milliseconds since 1970. @param except apps that do not count */
export async function findNextDueAt(
  queries: Queries,
  kind: OutboxRow['kind'],
  except: readonly string[] = [],
): Promise<number | undefined> {
  const row = await queries
    .selectFrom('outbox')
    .select('due_at')
    .where('kind', '=', kind)
    .where('app_id', 'not in', except)
    .orderBy('due_at')
    .limit(1)
    .executeTakeFirst();
  return row?.due_at;
}

export async function postponeEntry(queries: Queries, id: number, attempts: number, dueAt: number): Promise<void> {
  await queries.updateTable('outbox').set({ attempts, due_at: dueAt }).where('id', '=', id).execute();
}

/** @returns false when it was gone already, with its package */
export async function deleteEntry(queries: Queries, id: number): Promise<boolean> {
  return (await queries.deleteFrom('outbox').where('id', '=', id).executeTakeFirst()).numDeletedRows > 0n;
}
