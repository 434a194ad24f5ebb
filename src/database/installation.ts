import type { Queries } from './database.ts';
import type { InstallationRow } from './schema.ts';

/** What this database is told from others by, and knows of the blob store that is its own. Copies of it have the same. */
export async function getInstallation(queries: Queries): Promise<InstallationRow> {
  return await queries.selectFrom('installation').selectAll().executeTakeFirstOrThrow();
}

export async function updateInstallation(queries: Queries, changes: Partial<InstallationRow>): Promise<void> {
  await queries.updateTable('installation').set(changes).execute();
}
