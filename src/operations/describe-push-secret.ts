import type { Database } from '../database/database.ts';
import { findPushSecret } from '../database/push-secrets.ts';
import type { AppRow } from '../database/schema.ts';
import { type SecretBox, SecretUnreadable } from '../secrets/secret-box.ts';
import { openPushSecrets } from './push-secrets.ts';

/** What may be known of the push secret of an app, times in milliseconds since 1970. */
export interface PushSecretFacts {
  readonly changedAt: number;
  /** Until when the former one is good as well; undefined where there is none. */
  readonly formerUntil: number | undefined;
}

export interface DescribePushSecretDeps {
  readonly database: Database;
  readonly secretBox: SecretBox;
  readonly clock: () => number;
}

/** @returns undefined where the app has none, or one that cannot be decrypted any more: then it takes no pushes */
export async function describePushSecret(
  { database, secretBox, clock }: DescribePushSecretDeps,
  app: AppRow,
): Promise<PushSecretFacts | undefined> {
  const row = await findPushSecret(database.read, app.id);
  if (row === undefined) return undefined;
  try {
    const until = openPushSecrets(secretBox, row).former?.until ?? 0;
    return { changedAt: row.changed_at, formerUntil: until > clock() ? until : undefined };
  } catch (error) {
    if (error instanceof SecretUnreadable) return undefined;
    throw error;
  }
}
