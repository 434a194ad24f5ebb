import type { Login } from '../domain/identifiers.ts';
import type { Queries } from './database.ts';
import type { PushRuleRow } from './schema.ts';

/** A rule, and who set it. */
export interface OwnedPushRule extends PushRuleRow {
  readonly owner_login: Login;
}

/** The rules of an app, in their order. */
export function listPushRules(queries: Queries, appKey: string): Promise<OwnedPushRule[]> {
  return queries
    .selectFrom('push_rules')
    .innerJoin('users', 'users.id', 'push_rules.owner_id')
    .selectAll('push_rules')
    .select('users.login as owner_login')
    .where('app_id', '=', appKey)
    .orderBy('position')
    .execute();
}

/** Writes a rule, in place of the one of its branch where there is one. */
export async function putPushRule(queries: Queries, row: PushRuleRow): Promise<void> {
  const { id, app_id, branch, ...changes } = row;
  await queries
    .insertInto('push_rules')
    .values(row)
    .onConflict((conflict) => conflict.columns(['app_id', 'branch']).doUpdateSet(changes))
    .execute();
}

export async function movePushRule(queries: Queries, id: string, position: number): Promise<void> {
  await queries.updateTable('push_rules').set({ position }).where('id', '=', id).execute();
}

/** @returns whether there was one */
export async function deletePushRule(queries: Queries, appKey: string, branch: string): Promise<boolean> {
  const result = await queries
    .deleteFrom('push_rules')
    .where('app_id', '=', appKey)
    .where('branch', '=', branch)
    .executeTakeFirst();
  return result.numDeletedRows > 0n;
}
