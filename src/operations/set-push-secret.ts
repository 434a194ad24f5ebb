import { insertAuditEntry } from '../database/audit.ts';
import type { Database } from '../database/database.ts';
import { findPushSecret, putPushSecret } from '../database/push-secrets.ts';
import type { AppRow, PushSecretRow } from '../database/schema.ts';
import type { User } from '../database/users.ts';
import { type SecretBox, SecretUnreadable } from '../secrets/secret-box.ts';
import { makePushSecret, openPushSecrets, type PushSecrets, sealPushSecrets } from './push-secrets.ts';

export interface SetPushSecretDeps {
  readonly database: Database;
  readonly secretBox: SecretBox;
  readonly clock: () => number;
}

/** How long a secret that was replaced stays good: time to change it at the forge. */
const FORMER_LIFE_MS = 24 * 60 * 60 * 1000;

/**
 * Gives an app a secret for its pushes, from which on it takes some. The one that it had stays good for a day.
 *
 * @param args `secret`: undefined for a new one
 * @returns the one that was made, which nobody is told again; undefined where one was given
 */
export async function setPushSecret(
  { database, secretBox, clock }: SetPushSecretDeps,
  args: { readonly user: User; readonly app: AppRow; readonly secret: string | undefined },
): Promise<string | undefined> {
  const { user, app } = args;
  const current = args.secret ?? makePushSecret();
  const at = clock();
  await database.transaction(async (queries) => {
    const former = findFormer(secretBox, await findPushSecret(queries, app.id), current, at);
    const secrets = sealPushSecrets(secretBox, app.id, { current, ...(former !== undefined && { former }) });
    await putPushSecret(queries, { app_id: app.id, secrets, changed_at: at });
    await insertAuditEntry(queries, {
      at,
      login: user.login,
      action: 'push-secret.set',
      subject: app.app_id,
      detail: args.secret === undefined ? 'made' : 'given',
    });
  });
  return args.secret === undefined ? current : undefined;
}

/** What stays good for a while. One that cannot be read any more is good for nothing. */
function findFormer(
  box: SecretBox,
  row: PushSecretRow | undefined,
  next: string,
  now: number,
): PushSecrets['former'] | undefined {
  if (row === undefined) return undefined;
  try {
    const { current, former } = openPushSecrets(box, row);
    return current === next ? former : { secret: current, until: now + FORMER_LIFE_MS };
  } catch (error) {
    if (error instanceof SecretUnreadable) return undefined;
    throw error;
  }
}
