import type { Queries } from '../database/database.ts';
import type { UserRow } from '../database/schema.ts';
import { findUser } from '../database/users.ts';
import type { Login } from '../domain/identifiers.ts';
import { quote, Refusal } from '../domain/refusal.ts';

/** @throws Refusal USER_NOT_FOUND */
export async function getUser(queries: Queries, login: Login): Promise<UserRow> {
  const user = await findUser(queries, login);
  if (user === undefined) throw new Refusal('USER_NOT_FOUND', `There is no user with the login ${quote(login)}.`);
  return user;
}
