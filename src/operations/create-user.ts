import { randomUUID } from 'node:crypto';
import { insertAuditEntry } from '../database/audit.ts';
import type { Database } from '../database/database.ts';
import type { UserRow } from '../database/schema.ts';
import { findUser, insertUser, type User } from '../database/users.ts';
import { parseLogin } from '../domain/identifiers.ts';
import { Refusal } from '../domain/refusal.ts';
import type { CreateUser } from '../protocol/manage.ts';

export interface CreateUserDeps {
  readonly database: Database;
  readonly clock: () => number;
}

/** @throws Refusal INVALID_PARAMETERS, ALREADY_EXISTS */
export async function createUser(
  { database, clock }: CreateUserDeps,
  { user, request }: { readonly user: User; readonly request: CreateUser },
): Promise<UserRow> {
  const login = parseLogin(request.Login);
  const row: UserRow = {
    id: randomUUID(),
    login,
    name: request.Name?.trim() || login,
    is_admin: request.Admin === true ? 1 : 0,
    created_at: clock(),
    disabled_at: null,
  };
  await database.transaction(async (queries) => {
    if ((await findUser(queries, login)) !== undefined) {
      throw new Refusal('ALREADY_EXISTS', `There is already a user with the login '${login}'.`);
    }
    await insertUser(queries, row);
    await insertAuditEntry(queries, {
      at: row.created_at,
      login: user.login,
      action: 'user.create',
      subject: login,
      detail: row.is_admin === 1 ? 'admin' : '',
    });
  });
  return row;
}
