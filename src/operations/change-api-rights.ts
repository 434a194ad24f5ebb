import { deleteApiRights, insertApiRights } from '../database/apps.ts';
import { insertAuditEntry } from '../database/audit.ts';
import type { Database } from '../database/database.ts';
import type { AppRow } from '../database/schema.ts';
import type { User } from '../database/users.ts';
import type { Login } from '../domain/identifiers.ts';
import { getUser } from './get-user.ts';

export interface ChangeApiRightsDeps {
  readonly database: Database;
  readonly clock: () => number;
}

/**
 * Gives a user API Rights on an app, or takes them away. Doing it twice changes nothing.
 *
 * @throws Refusal USER_NOT_FOUND
 */
export async function changeApiRights(
  { database, clock }: ChangeApiRightsDeps,
  args: { readonly user: User; readonly app: AppRow; readonly login: Login; readonly change: 'grant' | 'revoke' },
): Promise<void> {
  const { login } = args;
  await database.transaction(async (queries) => {
    const subject = await getUser(queries, login);
    if (args.change === 'grant') await insertApiRights(queries, args.app.id, subject.id, clock());
    else await deleteApiRights(queries, args.app.id, subject.id);
    await insertAuditEntry(queries, {
      at: clock(),
      login: args.user.login,
      action: `rights.${args.change}`,
      subject: args.app.app_id,
      detail: login,
    });
  });
}
