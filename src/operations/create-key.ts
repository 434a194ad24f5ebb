import { hash, randomBytes, randomUUID } from 'node:crypto';
import { hasApiKey, insertApiKey } from '../database/api-keys.ts';
import { insertAuditEntry } from '../database/audit.ts';
import type { Database } from '../database/database.ts';
import type { User } from '../database/users.ts';
import { isApiKey, type Login } from '../domain/identifiers.ts';
import { Refusal } from '../domain/refusal.ts';
import { formatScopes } from '../domain/token-scopes.ts';
import type { CreatedKey, CreateKey } from '../protocol/manage.ts';
import { getUser } from './get-user.ts';

export interface CreateKeyDeps {
  readonly database: Database;
  readonly clock: () => number;
}

/**
 * Makes an API key, or a token where scopes are given, or takes an existing one along. This is the only time it is seen: its SHA-256 is what is kept.
 *
 * @throws Refusal USER_NOT_FOUND, INVALID_PARAMETERS, ALREADY_EXISTS
 */
export async function createKey(
  { database, clock }: CreateKeyDeps,
  { user, login, request }: { readonly user: User; readonly login: Login; readonly request: CreateKey },
): Promise<CreatedKey> {
  const now = clock();
  const isToken = request.Scopes !== undefined;
  const key = request.Key?.trim() ?? (isToken ? randomBytes(32).toString('base64url') : randomUUID());
  checkForm(key, isToken);
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
      scopes: request.Scopes === undefined ? null : formatScopes(request.Scopes),
    });
    await insertAuditEntry(queries, { at: now, login: user.login, action: 'key.create', subject: login, detail: id });
  });
  return { KeyId: id, Key: key };
}

const TOKEN = /^[\x21-\x7e]{20,512}$/;

/** The value is a secret, whatever its form: it is not repeated. */
function checkForm(key: string, isToken: boolean): void {
  const message = isToken
    ? 'The given token cannot be one: it must have 20 to 512 characters, and no blanks.'
    : 'The given key is not an API key: it must be a uuid in lower case.';
  if (!(isToken ? TOKEN.test(key) : isApiKey(key))) throw new Refusal('INVALID_PARAMETERS', message);
}
