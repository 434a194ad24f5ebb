import { randomBytes } from 'node:crypto';
import type { PushSecretRow } from '../database/schema.ts';
import type { SecretBox } from '../secrets/secret-box.ts';

/** What pushes to an app are signed with. */
export interface PushSecrets {
  readonly current: string;
  /** As good as the current one until `until`, in milliseconds since 1970, so that there is time to change it elsewhere. */
  readonly former?: { readonly secret: string; readonly until: number };
}

/** In the form that GitLab wants for its signing tokens; everything else takes any text. */
export function makePushSecret(): string {
  return `whsec_${randomBytes(32).toString('base64')}`;
}

export function sealPushSecrets(box: SecretBox, appKey: string, secrets: PushSecrets): string {
  return box.seal(JSON.stringify(secrets), placeOf(appKey));
}

/** @throws SecretUnreadable */
export function openPushSecrets(box: SecretBox, row: Pick<PushSecretRow, 'app_id' | 'secrets'>): PushSecrets {
  return JSON.parse(box.open(row.secrets, placeOf(row.app_id)));
}

function placeOf(appKey: string) {
  return { appKey, name: undefined, isPushSecret: true };
}
