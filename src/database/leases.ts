import type { Queries } from './database.ts';

/** Something that one process alone does at a time, of all that share the database. */
export interface Lease {
  /** What: a name that no other work has. */
  readonly name: string;
  /** Who: a name that no other process has, and no earlier one had. */
  readonly holder: string;
}

/** Of what is done to an environment. */
export const environmentLease = (environmentId: string): string => `environment:${environmentId}`;

/**
 * Takes a lease that nobody has, or has any more, and extends one's own.
 *
 * @param times both in milliseconds since 1970, by the clock of the database
 * @returns false when somebody else has it
 */
export async function takeLease(
  queries: Queries,
  { name, holder }: Lease,
  { now, expiresAt }: { readonly now: number; readonly expiresAt: number },
): Promise<boolean> {
  const row = await queries
    .insertInto('leases')
    .values({ name, holder, expires_at: expiresAt })
    .onConflict((conflict) =>
      conflict
        .column('name')
        .doUpdateSet({ holder, expires_at: expiresAt })
        .where(({ or, eb }) => or([eb('leases.holder', '=', holder), eb('leases.expires_at', '<=', now)])),
    )
    .returning('name')
    .executeTakeFirst();
  return row !== undefined;
}

/** Extends a lease that nobody else has taken since, also one that has ended meanwhile. @returns false where somebody has */
export async function extendLease(queries: Queries, { name, holder }: Lease, expiresAt: number): Promise<boolean> {
  const extended = queries.updateTable('leases').set({ expires_at: expiresAt });
  const result = await extended.where('name', '=', name).where('holder', '=', holder).executeTakeFirst();
  return result.numUpdatedRows > 0n;
}

/** Whether nobody else has taken a lease since it was taken: one that has ended is somebody's until then. */
export async function holdsLease(queries: Queries, { name, holder }: Lease): Promise<boolean> {
  const held = queries.selectFrom('leases').select('name').where('name', '=', name).where('holder', '=', holder);
  return (await held.executeTakeFirst()) !== undefined;
}

/** When a lease ends, in milliseconds since 1970; undefined for one that nobody has. */
export async function findLeaseEnd(queries: Queries, name: Lease['name']): Promise<number | undefined> {
  const row = await queries.selectFrom('leases').select('expires_at').where('name', '=', name).executeTakeFirst();
  return row?.expires_at;
}

/** Gives back what one has, so that nobody has to wait for its end. */
export async function releaseLease(queries: Queries, { name, holder }: Lease): Promise<void> {
  await queries.deleteFrom('leases').where('name', '=', name).where('holder', '=', holder).execute();
}
