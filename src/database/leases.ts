import type { Queries } from './database.ts';

/** Something that one process alone does at a time, of all that share the database. */
export interface Lease {
  /** What: a name that no other work has. */
  readonly name: string;
  /** Who: a name that no other process has, and no earlier one had. */
  readonly holder: string;
}

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

/** Whether a lease is somebody's at this moment. @param now in milliseconds since 1970 */
export async function holdsLease(queries: Queries, { name, holder }: Lease, now: number): Promise<boolean> {
  const held = queries.selectFrom('leases').select('name').where('name', '=', name).where('holder', '=', holder);
  return (await held.where('expires_at', '>', now).executeTakeFirst()) !== undefined;
}

/** Gives back what one has, so that nobody has to wait for its end. */
export async function releaseLease(queries: Queries, { name, holder }: Lease): Promise<void> {
  await queries.deleteFrom('leases').where('name', '=', name).where('holder', '=', holder).execute();
}
