import { readScopes } from '../domain/token-scopes.ts';
import type { TokenScope } from '../protocol/token-scopes.ts';
import type { Queries } from './database.ts';
import type { ApiKeyRow } from './schema.ts';
import type { User } from './users.ts';

/** A key that was presented, and whose it is. */
export interface KeyHolder {
  readonly keyId: string;
  /** SHA-256 of the key, in hex. */
  readonly hash: string;
  readonly expiresAt: number | null;
  /** undefined for a key that is good for all that its user may do. */
  readonly scopes: readonly TokenScope[] | undefined;
  readonly user: User;
}

/** Finds the holder of a key by the key's SHA-256. Revoked keys and those of disabled users are not found. */
export async function findKeyHolder(queries: Queries, hash: string): Promise<KeyHolder | undefined> {
  const row = await queries
    .selectFrom('api_keys')
    .innerJoin('users', 'users.id', 'api_keys.user_id')
    .select([
      'api_keys.id as key_id',
      'hash',
      'expires_at',
      'scopes',
      'users.id as user_id',
      'login',
      'users.name',
      'is_admin',
    ])
    .where('hash', '=', hash)
    .where('revoked_at', 'is', null)
    .where('disabled_at', 'is', null)
    .executeTakeFirst();
  if (row === undefined) return undefined;
  return {
    keyId: row.key_id,
    hash: row.hash,
    expiresAt: row.expires_at,
    scopes: readScopes(row.scopes),
    user: { id: row.user_id, login: row.login, name: row.name, isAdmin: row.is_admin === 1 },
  };
}

/** Newest first. */
export function listApiKeys(queries: Queries, userId: string): Promise<ApiKeyRow[]> {
  return queries
    .selectFrom('api_keys')
    .selectAll()
    .where('user_id', '=', userId)
    .orderBy('created_at', 'desc')
    .orderBy('id')
    .execute();
}

/** One that was just made. Where nothing else is said, it is good for all that its user may do, and for ever. */
export type NewApiKey = Pick<ApiKeyRow, 'id' | 'user_id' | 'name' | 'hash' | 'created_at'> &
  Partial<Pick<ApiKeyRow, 'expires_at' | 'scopes'>>;

export async function insertApiKey(queries: Queries, key: NewApiKey): Promise<void> {
  const fresh = { expires_at: null, scopes: null, last_used_at: null, revoked_at: null };
  await queries
    .insertInto('api_keys')
    .values({ ...fresh, ...key })
    .execute();
}

export async function hasApiKey(queries: Queries, hash: string): Promise<boolean> {
  return (await queries.selectFrom('api_keys').select('id').where('hash', '=', hash).executeTakeFirst()) !== undefined;
}

/** @returns whether the user has a key of this id; revoking it twice changes nothing */
export async function revokeApiKey(
  queries: Queries,
  key: { readonly id: string; readonly userId: string; readonly at: number },
): Promise<boolean> {
  const result = await queries
    .updateTable('api_keys')
    .set(({ fn, val }) => ({ revoked_at: fn.coalesce('revoked_at', val(key.at)) }))
    .where('id', '=', key.id)
    .where('user_id', '=', key.userId)
    .executeTakeFirst();
  return result.numUpdatedRows > 0n;
}

/** Notes when keys were used last. */
export async function touchApiKeys(
  queries: Queries,
  uses: readonly { readonly keyId: string; readonly at: number }[],
): Promise<void> {
  for (const { keyId, at } of uses) {
    await queries.updateTable('api_keys').set({ last_used_at: at }).where('id', '=', keyId).execute();
  }
}
