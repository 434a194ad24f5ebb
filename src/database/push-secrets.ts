import type { Queries } from './database.ts';
import type { PushSecretRow } from './schema.ts';

export function findPushSecret(queries: Queries, appKey: string): Promise<PushSecretRow | undefined> {
  return queries.selectFrom('push_secrets').selectAll().where('app_id', '=', appKey).executeTakeFirst();
}

/** Writes the secret of an app, in place of the one that it has. */
export async function putPushSecret(queries: Queries, row: PushSecretRow): Promise<void> {
  const { secrets, changed_at } = row;
  await queries
    .insertInto('push_secrets')
    .values(row)
    .onConflict((conflict) => conflict.column('app_id').doUpdateSet({ secrets, changed_at }))
    .execute();
}

/** Puts the same secret, sealed anew, in the place of what was there. */
export async function replacePushSecret(queries: Queries, appKey: string, secrets: string): Promise<void> {
  await queries.updateTable('push_secrets').set({ secrets }).where('app_id', '=', appKey).execute();
}

/** @returns whether there was one */
export async function deletePushSecret(queries: Queries, appKey: string): Promise<boolean> {
  const result = await queries.deleteFrom('push_secrets').where('app_id', '=', appKey).executeTakeFirst();
  return result.numDeletedRows > 0n;
}
