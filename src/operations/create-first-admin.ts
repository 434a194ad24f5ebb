import { hash, randomUUID } from 'node:crypto';
import { insertApiKey } from '../database/api-keys.ts';
import { insertAuditEntry } from '../database/audit.ts';
import type { Database, Queries } from '../database/database.ts';
import { hasUsers, insertUser } from '../database/users.ts';
import { parseLogin } from '../domain/identifiers.ts';

export interface CreateFirstAdminDeps {
  readonly database: Database;
  /** The key that the operator has chosen; undefined for one that is made here. */
  readonly chosenKey: string | undefined;
  /** Keeps a key that is made here where only the operator can read it, durably. May be called again after a crash. */
  readonly keepKey: (key: string) => Promise<void>;
  /** Has a key not be kept that is good for nothing: another server on the database was faster. */
  readonly dropKey: () => Promise<void>;
  readonly clock: () => number;
}

/**
 * On an empty database, creates the login `admin` with a key. The key is kept before the user is written: a crash in
 * between leaves a key without a user, which the next start replaces, and never a user whose key nobody has.
 *
 * @returns the key that was made, or undefined when there are users already or the key was chosen
 */
export async function createFirstAdmin(deps: CreateFirstAdminDeps): Promise<string | undefined> {
  const { database, chosenKey, keepKey, dropKey, clock } = deps;
  if (await hasUsers(database.read)) return undefined;
  const key = chosenKey ?? randomUUID();
  if (chosenKey === undefined) await keepKey(key);
  const isFirst = await database.transaction((queries) => insertAdmin(queries, key, clock()));
  if (isFirst) return chosenKey === undefined ? key : undefined;
  if (chosenKey === undefined) await dropKey();
  return undefined;
}

/** @returns false where somebody was faster */
async function insertAdmin(queries: Queries, key: string, now: number): Promise<boolean> {
  if (await hasUsers(queries)) return false;
  const id = randomUUID();
  const login = parseLogin('admin');
  await insertUser(queries, { id, login, name: 'Administrator', is_admin: 1, created_at: now, disabled_at: null });
  await insertApiKey(queries, {
    id: randomUUID(),
    user_id: id,
    name: 'First key',
    hash: hash('sha256', key),
    created_at: now,
  });
  await insertAuditEntry(queries, { at: now, login, action: 'user.create', subject: login, detail: 'first start' });
  return true;
}
