import { listAppSecrets } from '../database/app-secrets.ts';
import type { Database } from '../database/database.ts';
import { BuildFailure } from '../domain/failure.ts';
import { type SecretBox, type SecretPlace, SecretUnreadable } from '../secrets/secret-box.ts';

/** What an app keeps secret, in the clear, by the name of the variable. @throws BuildFailure `secret-unreadable` */
export async function openAppSecrets(
  { database, secretBox }: { readonly database: Database; readonly secretBox: SecretBox },
  appKey: string,
): Promise<Readonly<Record<string, string>>> {
  const rows = await listAppSecrets(database.read, appKey);
  return Object.fromEntries(rows.map(({ name, value }) => [name, open(secretBox, value, { appKey, name })]));
}

function open(box: SecretBox, sealed: string, place: SecretPlace): string {
  try {
    return box.open(sealed, place);
  } catch (cause) {
    if (!(cause instanceof SecretUnreadable)) throw cause;
    throw new BuildFailure('secret-unreadable', cause.message, { cause });
  }
}
