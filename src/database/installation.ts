import type { Queries } from './database.ts';

/** What this database is told from others by; copies of it have the same. */
export async function findInstallationId(queries: Queries): Promise<string> {
  const { id } = await queries.selectFrom('installation').select('id').executeTakeFirstOrThrow();
  return id;
}
