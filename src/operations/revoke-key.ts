import { revokeApiKey } from '../database/api-keys.ts';
import { insertAuditEntry } from '../database/audit.ts';
import type { Database } from '../database/database.ts';
import type { User } from '../database/users.ts';
import type { Login } from '../domain/identifiers.ts';
import { quote, Refusal } from '../domain/refusal.ts';
import { getUser } from './get-user.ts';

export interface RevokeKeyDeps {
  readonly database: Database;
  readonly clock: () => number;
}

/**
 * Makes a key worthless from now on. Revoking it twice changes nothing.
 *
 * @throws Refusal USER_NOT_FOUND, KEY_NOT_FOUND
 */
export async function revokeKey(
  { database, clock }: RevokeKeyDeps,
  { user, login, keyId }: { readonly user: User; readonly login: Login; readonly keyId: string },
): Promise<void> {
  await database.transaction(async (queries) => {
    const owner = await getUser(queries, login);
    if (!(await revokeApiKey(queries, { id: keyId, userId: owner.id, at: clock() }))) {
      throw new Refusal('KEY_NOT_FOUND', `The user '${login}' has no key with the id ${quote(keyId)}.`);
    }
    await insertAuditEntry(queries, {
      at: clock(),
      login: user.login,
      action: 'key.revoke',
      subject: login,
      detail: keyId,
    });
  });
}
