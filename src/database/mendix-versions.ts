import type { MendixVersion } from '../domain/mendix-version.ts';
import type { Queries } from './database.ts';

/** What is known of some subjects: null for one that was looked into and has no version. */
export async function findMendixVersions(
  queries: Queries,
  appKey: string,
  subjects: readonly string[],
): Promise<Map<string, MendixVersion | null>> {
  const rows = await queries
    .selectFrom('mendix_versions')
    .select(['subject', 'version'])
    .where('app_id', '=', appKey)
    .where('subject', 'in', subjects)
    .execute();
  return new Map(rows.map(({ subject, version }) => [subject, version]));
}

/** Remembers versions; what is known already stays. */
export async function insertMendixVersions(
  queries: Queries,
  appKey: string,
  versions: ReadonlyMap<string, MendixVersion | null>,
): Promise<void> {
  const rows = Array.from(versions, ([subject, version]) => ({ app_id: appKey, subject, version }));
  await queries
    .insertInto('mendix_versions')
    .values(rows)
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}
