import type { AppRow } from '../database/schema.ts';
import type { RemoteCredentials } from '../repository/remote-credentials.ts';
import type { SecretBox, SecretPlace } from '../secrets/secret-box.ts';

const placeOf = (appKey: string): SecretPlace => ({ appKey, name: undefined });

/** Credentials as they are stored with their app. */
export function sealAppCredentials(box: SecretBox, appKey: string, credentials: RemoteCredentials): string {
  return box.seal(JSON.stringify(credentials), placeOf(appKey));
}

/** @returns undefined where the app has none @throws SecretUnreadable */
export function openAppCredentials(
  box: SecretBox,
  app: Pick<AppRow, 'id' | 'credentials'>,
): RemoteCredentials | undefined {
  if (app.credentials === null) return undefined;
  // What was sealed here is what was checked before: nobody else has the key.
  return JSON.parse(box.open(app.credentials, placeOf(app.id)));
}
