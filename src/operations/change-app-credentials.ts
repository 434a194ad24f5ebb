import { updateAppRow } from '../database/apps.ts';
import { insertAuditEntry } from '../database/audit.ts';
import type { Database } from '../database/database.ts';
import type { AppRow } from '../database/schema.ts';
import type { User } from '../database/users.ts';
import type { SetCredentials } from '../protocol/secrets.ts';
import type { SecretBox } from '../secrets/secret-box.ts';
import { sealAppCredentials } from './app-credentials.ts';
import { parseCredentials } from './parse-credentials.ts';

export interface ChangeAppCredentialsDeps {
  readonly database: Database;
  readonly secretBox: SecretBox;
  readonly clock: () => number;
}

/**
 * Gives an app credentials for its repository, in place of those it had, or takes them away. Whatever asks the repository
 * from then on uses what was set.
 *
 * @param args `request`: undefined to take them away
 * @throws Refusal INVALID_PARAMETERS
 */
export async function changeAppCredentials(
  { database, secretBox, clock }: ChangeAppCredentialsDeps,
  args: { readonly user: User; readonly app: AppRow; readonly request: SetCredentials | undefined },
): Promise<void> {
  const { user, app, request } = args;
  const sealed = request === undefined ? null : sealAppCredentials(secretBox, app.id, parseCredentials(request));
  await database.transaction(async (queries) => {
    await updateAppRow(queries, app.id, { credentials: sealed });
    await insertAuditEntry(queries, {
      at: clock(),
      login: user.login,
      action: request === undefined ? 'credentials.remove' : 'credentials.set',
      subject: app.app_id,
      detail: request?.Kind ?? '',
    });
  });
}
