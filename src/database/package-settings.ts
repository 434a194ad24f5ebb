import type { PackageId } from '../domain/identifiers.ts';
import type { Queries } from './database.ts';

/** What a package declares, where that was looked into. */
export async function findDeclared(queries: Queries, id: PackageId): Promise<string | undefined> {
  const row = await queries
    .selectFrom('package_settings')
    .select('declared')
    .where('package_id', '=', id)
    .executeTakeFirst();
  return row?.declared;
}

/** Remembers what a package declares; what is known already stays. */
export async function insertDeclared(queries: Queries, id: PackageId, declared: string): Promise<void> {
  await queries
    .insertInto('package_settings')
    .values({ package_id: id, declared })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}
