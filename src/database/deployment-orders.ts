import { noteChange } from './change-notices.ts';
import type { Queries } from './database.ts';
import type { DeploymentOrderRow } from './schema.ts';

/**
 * Writes down that the report of an order is waited for: no other one is, of its environment. One that has come already
 * stays.
 */
export async function expectReport(queries: Queries, order: Omit<DeploymentOrderRow, 'report'>): Promise<void> {
  await forgetOrders(queries, order.environment_id);
  await queries
    .insertInto('deployment_orders')
    .values(order)
    .onConflict((conflict) => conflict.column('id').doUpdateSet({ holder: order.holder }))
    .execute();
}

/** Finds an order whose report is waited for or has come. */
export function findOrder(queries: Queries, id: string): Promise<DeploymentOrderRow | undefined> {
  return queries.selectFrom('deployment_orders').selectAll().where('id', '=', id).executeTakeFirst();
}

/** Keeps the report of an order; the first one counts. @returns false where it is not waited for any more */
export async function keepReport(queries: Queries, id: string, report: string): Promise<boolean> {
  const result = await queries
    .updateTable('deployment_orders')
    .set(({ fn, ref, val }) => ({ report: fn.coalesce(ref('report'), val(report)) }))
    .where('id', '=', id)
    .executeTakeFirst();
  if (result.numUpdatedRows === 0n) return false;
  noteChange(queries, `order:${id}`);
  return true;
}

/** Nobody waits for a report any more, unless somebody else does by now. One that has come may come again. */
export async function stopExpecting(queries: Queries, { id, holder }: Pick<DeploymentOrderRow, 'id' | 'holder'>) {
  const order = queries.deleteFrom('deployment_orders').where('id', '=', id).where('holder', '=', holder);
  await order.where('report', 'is', null).execute();
}

/** Forgets what was ordered for an environment by whoever is no more: nobody waits for its reports. */
export async function forgetOrders(queries: Queries, environmentId: string): Promise<void> {
  const orders = queries.deleteFrom('deployment_orders').where('environment_id', '=', environmentId);
  await orders.where('report', 'is', null).execute();
}

/** Forgets one order, also that its report has come. */
export async function forgetOrder(queries: Queries, id: string): Promise<void> {
  await queries.deleteFrom('deployment_orders').where('id', '=', id).execute();
}

/** Deletes what was ordered long ago. */
export async function deleteOrdersBefore(queries: Queries, time: number): Promise<void> {
  await queries.deleteFrom('deployment_orders').where('created_at', '<', time).execute();
}
