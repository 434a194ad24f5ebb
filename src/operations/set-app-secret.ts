import { listAppSecrets, putAppSecret } from '../database/app-secrets.ts';
import { insertAuditEntry } from '../database/audit.ts';
import type { Database } from '../database/database.ts';
import type { AppRow } from '../database/schema.ts';
import type { User } from '../database/users.ts';
import { Refusal } from '../domain/refusal.ts';
import { parseSecretName } from '../domain/secret-name.ts';
import type { SecretBox } from '../secrets/secret-box.ts';

export interface SetAppSecretDeps {
  readonly database: Database;
  readonly secretBox: SecretBox;
  readonly clock: () => number;
}

/** More would not fit into the environment of a process. */
const MOST_SECRETS = 100;

/**
 * Keeps a secret of an app, in place of one of the same name. Builds that begin from then on get it.
 *
 * @throws Refusal INVALID_PARAMETERS
 */
export async function setAppSecret(
  { database, secretBox, clock }: SetAppSecretDeps,
  args: { readonly user: User; readonly app: AppRow; readonly name: string; readonly value: string },
): Promise<void> {
  const { user, app } = args;
  const name = parseSecretName(args.name);
  if (args.value.includes('\0')) {
    throw new Refusal('INVALID_PARAMETERS', 'Value holds a NUL character, which no environment variable can.');
  }
  const value = secretBox.seal(args.value, { appKey: app.id, name });
  const at = clock();
  await database.transaction(async (queries) => {
    const others = (await listAppSecrets(queries, app.id)).filter((secret) => secret.name !== name);
    if (others.length >= MOST_SECRETS) {
      throw new Refusal('INVALID_PARAMETERS', `The app has ${MOST_SECRETS} secrets already: remove one first.`);
    }
    await putAppSecret(queries, { app_id: app.id, name, value, changed_at: at });
    await insertAuditEntry(queries, {
      at,
      login: user.login,
      action: 'secret.set',
      subject: app.app_id,
      detail: name,
    });
  });
}
