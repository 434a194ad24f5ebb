import type { AppRow } from '../database/schema.ts';
import type { RemoteCredentials } from '../repository/remote-credentials.ts';
import { RepositoryError } from '../repository/repository.ts';
import { type SecretBox, type SecretPlace, SecretUnreadable } from '../secrets/secret-box.ts';

const placeOf = (appKey: string): SecretPlace => ({ appKey, name: undefined });

/** Credentials as they are stored with their app. */
export function sealAppCredentials(box: SecretBox, appKey: string, credentials: RemoteCredentials): string {
  return box.seal(JSON.stringify(credentials), placeOf(appKey));
}

/** @returns undefined where the app has none @throws RepositoryError `unreachable` where they cannot be read any more */
export function openAppCredentials(
  box: SecretBox,
  app: Pick<AppRow, 'id' | 'app_id' | 'credentials'>,
): RemoteCredentials | undefined {
  if (app.credentials === null) return undefined;
  try {
    // What was sealed here is what was checked before: nobody else has the key.
    return JSON.parse(box.open(app.credentials, placeOf(app.id)));
  } catch (cause) {
    if (!(cause instanceof SecretUnreadable)) throw cause;
    const message = `The credentials of the app '${app.app_id}' cannot be decrypted: set them again.`;
    throw new RepositoryError('unreachable', message, { cause });
  }
}
