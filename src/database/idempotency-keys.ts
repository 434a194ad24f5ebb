import type { Insertable } from 'kysely';
import type { PackageId } from '../domain/identifiers.ts';
import type { Queries } from './database.ts';
import type { Tables } from './schema.ts';

type IdempotencyKey = Insertable<Tables['idempotency_keys']>;

export function findIdempotencyKey(
  queries: Queries,
  key: Pick<IdempotencyKey, 'app_id' | 'user_id' | 'key'>,
): Promise<{ request_hash: string; package_id: PackageId } | undefined> {
  return queries
    .selectFrom('idempotency_keys')
    .select(['request_hash', 'package_id'])
    .where('app_id', '=', key.app_id)
    .where('user_id', '=', key.user_id)
    .where('key', '=', key.key)
    .executeTakeFirst();
}

export async function insertIdempotencyKey(queries: Queries, key: IdempotencyKey): Promise<void> {
  await queries.insertInto('idempotency_keys').values(key).execute();
}

export async function deleteIdempotencyKeysBefore(queries: Queries, createdAt: number): Promise<void> {
  await queries.deleteFrom('idempotency_keys').where('created_at', '<', createdAt).execute();
}
