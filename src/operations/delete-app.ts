import { findApp, markAppDeleted } from '../database/apps.ts';
import { insertAuditEntry } from '../database/audit.ts';
import type { Database } from '../database/database.ts';
import { hasUnfinishedBuilds } from '../database/packages.ts';
import type { AppRow } from '../database/schema.ts';
import type { User } from '../database/users.ts';
import { Refusal } from '../domain/refusal.ts';

export interface DeleteAppDeps {
  readonly database: Database;
  /** Begins to remove what is left of deleted apps: `remove-deleted-apps.ts`. */
  readonly removeDeletedApps: () => void;
  readonly clock: () => number;
}

/**
 * Deletes an app with all its packages. Once this resolves nobody finds any of them, and the AppId is free; the rows and
 * files go afterwards, also after a crash.
 *
 * @throws Refusal APP_NOT_FOUND, APP_IN_USE while a build has not ended
 */
export async function deleteApp(
  { database, removeDeletedApps, clock }: DeleteAppDeps,
  { app, user }: { readonly app: AppRow; readonly user: User },
): Promise<void> {
  await database.transactionInReserve(async (queries) => {
    if ((await findApp(queries, app.id)) === undefined) throw new Refusal('APP_NOT_FOUND');
    if (await hasUnfinishedBuilds(queries, app.id)) {
      throw new Refusal(
        'APP_IN_USE',
        `The app '${app.app_id}' still has builds that have not ended. Cancel them first.`,
      );
    }
    await markAppDeleted(queries, app.id, clock());
    await insertAuditEntry(queries, {
      at: clock(),
      login: user.login,
      action: 'app.delete',
      subject: app.app_id,
      detail: app.name,
    });
  });
  removeDeletedApps();
}
