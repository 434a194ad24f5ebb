import type { Login } from '../domain/identifiers.ts';
import type { Queries } from './database.ts';
import type { UserRow } from './schema.ts';

/** Who is asking: what a request knows of its user. */
export interface User {
  readonly id: string;
  readonly login: Login;
  /** The display name. */
  readonly name: string;
  readonly isAdmin: boolean;
}

export function findUser(queries: Queries, login: Login): Promise<UserRow | undefined> {
  return queries.selectFrom('users').selectAll().where('login', '=', login).executeTakeFirst();
}

/** By login. */
export function listUsers(queries: Queries): Promise<UserRow[]> {
  return queries.selectFrom('users').selectAll().orderBy('login').execute();
}

export async function hasUsers(queries: Queries): Promise<boolean> {
  return (await queries.selectFrom('users').select('id').limit(1).executeTakeFirst()) !== undefined;
}

export async function insertUser(queries: Queries, user: UserRow): Promise<void> {
  await queries.insertInto('users').values(user).execute();
}

/** Makes a user an admin who is not disabled. */
export async function enableAdmin(queries: Queries, id: string): Promise<void> {
  await queries.updateTable('users').set({ disabled_at: null, is_admin: 1 }).where('id', '=', id).execute();
}

export async function disableUserRow(queries: Queries, id: string, at: number): Promise<void> {
  await queries.updateTable('users').set({ disabled_at: at }).where('id', '=', id).execute();
}
