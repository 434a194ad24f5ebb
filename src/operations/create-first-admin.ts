import { hash, randomUUID } from 'node:crypto';
import { insertApiKey } from '../database/api-keys.ts';
import { insertAuditEntry } from '../database/audit.ts';
import type { Database } from '../database/database.ts';
import { hasUsers, insertUser } from '../database/users.ts';
import { parseLogin } from '../domain/identifiers.ts';

export interface CreateFirstAdminDeps {
  readonly database: Database;
  /** Keeps the key where only the operator can read it, durably. May be called again with another key after a crash. */
  readonly keepKey: (key: string) => Promise<void>;
  readonly clock: () => number;
}

/**
 * On an empty database, creates the login `admin` with a key. The key is kept before the user is written: a crash in
 * between leaves a key without a user, which the next start replaces, and never a user whose key nobody has.
 *
 * @returns the key, or undefined when there are users already
 */
export async function createFirstAdmin({
  database,
  keepKey,
  clock,
}: CreateFirstAdminDeps): Promise<string | undefined> {
  if (await hasUsers(database.read)) return undefined;
  const key = randomUUID();
  await keepKey(key);
  const now = clock();
  const id = randomUUID();
  const login = parseLogin('admin');
  await database.transaction(async (queries) => {
    await insertUser(queries, { id, login, name: 'Administrator', is_admin: 1, created_at: now, disabled_at: null });
    await insertApiKey(queries, {
      id: randomUUID(),
      user_id: id,
      name: 'First key',
      hash: hash('sha256', key),
      created_at: now,
      expires_at: null,
      last_used_at: null,
      revoked_at: null,
      scopes: null,
    });
    await insertAuditEntry(queries, { at: now, login, action: 'user.create', subject: login, detail: 'first start' });
  });
  return key;
}
