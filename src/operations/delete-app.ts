import { findApp, markAppDeleted } from '../database/apps.ts';
import { insertAuditEntry } from '../database/audit.ts';
import type { Database, Queries } from '../database/database.ts';
import { findModeInUse } from '../database/environments.ts';
import { hasUnfinishedBuilds } from '../database/packages.ts';
import type { AppRow } from '../database/schema.ts';
import type { User } from '../database/users.ts';
import { Refusal } from '../domain/refusal.ts';

export interface DeleteAppDeps {
  readonly database: Database;
  readonly clock: () => number;
}

/**
 * Deletes an app with all its packages and environments. Once this resolves nobody finds any of them, and the AppId is
 * free; the rows and files go afterwards, also after a crash, and so does what targets have of its environments: see
 * `remove-deleted-apps.ts`.
 *
 * @throws Refusal APP_NOT_FOUND, APP_IN_USE while a build has not ended, or an environment runs, starts or is being given
 *   a package
 */
export async function deleteApp(
  { database, clock }: DeleteAppDeps,
  { app, user }: { readonly app: AppRow; readonly user: User },
): Promise<void> {
  await database.transactionInReserve(async (queries) => {
    if ((await findApp(queries, app.id)) === undefined) throw new Refusal('APP_NOT_FOUND');
    await checkIsIdle(queries, app);
    await markAppDeleted(queries, app.id, clock());
    await insertAuditEntry(queries, {
      at: clock(),
      login: user.login,
      action: 'app.delete',
      subject: app.app_id,
      detail: app.name,
    });
  });
}

async function checkIsIdle(queries: Queries, app: AppRow): Promise<void> {
  const refuse = (why: string) => new Refusal('APP_IN_USE', `The app '${app.app_id}' ${why}`);
  if (await hasUnfinishedBuilds(queries, app.id)) {
    throw refuse('still has builds that have not ended. Cancel them first.');
  }
  const mode = await findModeInUse(queries, app.id);
  if (mode === undefined) return;
  throw refuse(`is in use: its environment '${mode}' runs, starts or is being given a package. Stop it first.`);
}
