import { insertAuditEntry } from '../database/audit.ts';
import type { Database } from '../database/database.ts';
import { disableUserRow, type User } from '../database/users.ts';
import type { Login } from '../domain/identifiers.ts';
import { Refusal } from '../domain/refusal.ts';
import { getUser } from './get-user.ts';

export interface DisableUserDeps {
  readonly database: Database;
  readonly clock: () => number;
}

/**
 * Shuts a user out, with every key; their packages keep their creator. Disabling twice changes nothing.
 *
 * @throws Refusal USER_NOT_FOUND, INVALID_PARAMETERS when it is oneself: somebody must be left to manage
 */
export async function disableUser(
  { database, clock }: DisableUserDeps,
  { user, login: subject }: { readonly user: User; readonly login: Login },
): Promise<void> {
  if (subject === user.login) throw new Refusal('INVALID_PARAMETERS', 'You cannot disable yourself.');
  await database.transaction(async (queries) => {
    const row = await getUser(queries, subject);
    if (row.disabled_at !== null) return;
    await disableUserRow(queries, row.id, clock());
    await insertAuditEntry(queries, { at: clock(), login: user.login, action: 'user.disable', subject, detail: '' });
  });
}
