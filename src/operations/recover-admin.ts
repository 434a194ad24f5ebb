import { hash, randomUUID } from 'node:crypto';
import { insertApiKey } from '../database/api-keys.ts';
import { insertAuditEntry } from '../database/audit.ts';
import type { Database } from '../database/database.ts';
import { enableAdmin, findUser, insertUser } from '../database/users.ts';
import { parseLogin } from '../domain/identifiers.ts';

export interface RecoverAdminDeps {
  readonly database: Database;
  readonly clock: () => number;
}

/**
 * Makes a key for the login `admin`, who is an admin and not disabled from now on, whatever was before. For whoever holds
 * the data folder: nobody's rights are checked.
 *
 * @returns the key, which is not seen again
 */
export async function recoverAdmin({ database, clock }: RecoverAdminDeps): Promise<string> {
  const key = randomUUID();
  const now = clock();
  const login = parseLogin('admin');
  await database.transactionInReserve(async (queries) => {
    const known = await findUser(queries, login);
    const id = known?.id ?? randomUUID();
    if (known === undefined) {
      await insertUser(queries, { id, login, name: 'Administrator', is_admin: 1, created_at: now, disabled_at: null });
    } else {
      await enableAdmin(queries, id);
    }
    const keyId = randomUUID();
    await insertApiKey(queries, {
      id: keyId,
      user_id: id,
      name: 'Made on the server',
      hash: hash('sha256', key),
      created_at: now,
    });
    const detail = `${keyId}, by slipway admin-key`;
    await insertAuditEntry(queries, { at: now, login, action: 'key.create', subject: login, detail });
  });
  return key;
}
