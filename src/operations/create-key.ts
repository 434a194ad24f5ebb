import { hash, randomUUID } from 'node:crypto';
import { hasApiKey, insertApiKey } from '../database/api-keys.ts';
import { insertAuditEntry } from '../database/audit.ts';
import type { Database } from '../database/database.ts';
import type { User } from '../database/users.ts';
import { isApiKey, type Login } from '../domain/identifiers.ts';
import { Refusal } from '../domain/refusal.ts';
import type { CreatedKey, CreateKey } from '../protocol/manage.ts';
import { getUser } from './get-user.ts';

export interface CreateKeyDeps {
  readonly database: Database;
  readonly clock: () => number;
}

/**
 * Makes an API key, or takes an existing one along. This is the only time it is seen: its SHA-256 is what is kept.
 *
 * @throws Refusal USER_NOT_FOUND, INVALID_PARAMETERS, ALREADY_EXISTS
 */
export async function createKey(
  { database, clock }: CreateKeyDeps,
  { user, login, request }: { readonly user: User; readonly login: Login; readonly request: CreateKey },
): Promise<CreatedKey> {
  const now = clock();
  const key = request.Key?.trim() ?? randomUUID();
  if (!isApiKey(key)) {
    // The value is a secret, whatever its form: it is not repeated.
    throw new Refusal('INVALID_PARAMETERS', 'The given key is not an API key: it must be a uuid in lower case.');
  }
  if (request.ExpiryDate !== undefined && request.ExpiryDate <= now) {
    throw new Refusal('INVALID_PARAMETERS', `The expiry date ${request.ExpiryDate} lies in the past.`);
  }
  const id = randomUUID();
  await database.transaction(async (queries) => {
    const owner = await getUser(queries, login);
    const keyHash = hash('sha256', key);
    if (await hasApiKey(queries, keyHash)) throw new Refusal('ALREADY_EXISTS', 'This key is in use already.');
    await insertApiKey(queries, {
      id,
      user_id: owner.id,
      name: request.Name?.trim() || 'API key',
      hash: keyHash,
      created_at: now,
      expires_at: request.ExpiryDate ?? null,
      last_used_at: null,
      revoked_at: null,
    });
    await insertAuditEntry(queries, { at: now, login: user.login, action: 'key.create', subject: login, detail: id });
  });
  return { KeyId: id, Key: key };
}
