import type { Queries } from './database.ts';
import type { AuditRow } from './schema.ts';

/** Who did what to which app, package, key or right. Written in the transaction that does it. */
export async function insertAuditEntry(queries: Queries, entry: Omit<AuditRow, 'id'>): Promise<void> {
  await queries.insertInto('audit').values(entry).execute();
}

/** Several at once. */
export async function insertAuditEntries(queries: Queries, entries: readonly Omit<AuditRow, 'id'>[]): Promise<void> {
  if (entries.length > 0)
    await queries
      .insertInto('audit')
      .values([...entries])
      .execute();
}

/** Newest first. */
export function listAudit(queries: Queries, page: { readonly limit: number }): Promise<AuditRow[]> {
  return queries.selectFrom('audit').selectAll().orderBy('id', 'desc').limit(page.limit).execute();
}
