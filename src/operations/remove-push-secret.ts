import { insertAuditEntry } from '../database/audit.ts';
import type { Database } from '../database/database.ts';
import { deletePushSecret } from '../database/push-secrets.ts';
import type { AppRow } from '../database/schema.ts';
import type { User } from '../database/users.ts';
import { Refusal } from '../domain/refusal.ts';

export interface RemovePushSecretDeps {
  readonly database: Database;
  readonly clock: () => number;
}

/** Takes the push secret of an app away, the former one too: no push is taken any more. @throws Refusal SECRET_NOT_FOUND */
export async function removePushSecret(
  { database, clock }: RemovePushSecretDeps,
  { user, app }: { readonly user: User; readonly app: AppRow },
): Promise<void> {
  await database.transaction(async (queries) => {
    if (!(await deletePushSecret(queries, app.id))) {
      throw new Refusal('SECRET_NOT_FOUND', `The app '${app.app_id}' has no push secret.`);
    }
    const entry = { at: clock(), login: user.login, action: 'push-secret.remove', subject: app.app_id, detail: '' };
    await insertAuditEntry(queries, entry);
  });
}
