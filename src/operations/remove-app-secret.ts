import { deleteAppSecret } from '../database/app-secrets.ts';
import { insertAuditEntry } from '../database/audit.ts';
import type { Database } from '../database/database.ts';
import type { AppRow } from '../database/schema.ts';
import type { User } from '../database/users.ts';
import { quote, Refusal } from '../domain/refusal.ts';

export interface RemoveAppSecretDeps {
  readonly database: Database;
  readonly clock: () => number;
}

/** Forgets a secret of an app. @throws Refusal SECRET_NOT_FOUND */
export async function removeAppSecret(
  { database, clock }: RemoveAppSecretDeps,
  { user, app, name }: { readonly user: User; readonly app: AppRow; readonly name: string },
): Promise<void> {
  await database.transaction(async (queries) => {
    if (!(await deleteAppSecret(queries, app.id, name))) {
      throw new Refusal('SECRET_NOT_FOUND', `The app '${app.app_id}' has no secret ${quote(name)}.`);
    }
    await insertAuditEntry(queries, {
      at: clock(),
      login: user.login,
      action: 'secret.remove',
      subject: app.app_id,
      detail: name,
    });
  });
}
