import { findApp } from '../database/apps.ts';
import type { Queries } from '../database/database.ts';
import { deleteDeployEntries } from '../database/deploy-entries.ts';
import { insertOutboxEntry } from '../database/outbox.ts';
import { findNewestSucceeded, updateDeploy } from '../database/packages.ts';
import type { PackageRow } from '../database/schema.ts';

/** Puts a package of a free app into the outbox to be deployed: for the transaction that makes it Succeeded. */
export async function queueDeployment(
  queries: Queries,
  { id, app_id }: Pick<PackageRow, 'id' | 'app_id'>,
  now: number,
): Promise<void> {
  const app = await findApp(queries, app_id);
  if (app?.license !== 'free') return;
  // What is being done for an earlier entry may have ended already, and found no environment.
  await deleteDeployEntries(queries, id);
  await updateDeploy(queries, id, { deploy_status: 'Pending', deploy_message: null });
  await insertOutboxEntry(queries, { kind: 'deploy', package_id: id, app_id, created_at: now, due_at: now });
}

/** Does that with the newest package that there is: for the transaction that gives a free app its environment. */
export async function queueNewestDeployment(queries: Queries, appKey: string, now: number): Promise<void> {
  const newest = await findNewestSucceeded(queries, appKey);
  if (newest !== undefined) await queueDeployment(queries, newest, now);
}
