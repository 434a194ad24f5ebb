import { listAppSecrets } from '../database/app-secrets.ts';
import type { Database } from '../database/database.ts';
import type { SecretBox } from '../secrets/secret-box.ts';

/** What an app keeps secret, in the clear, by the name of the variable. @throws SecretUnreadable */
export async function openAppSecrets(
  { database, secretBox }: { readonly database: Database; readonly secretBox: SecretBox },
  appKey: string,
): Promise<Readonly<Record<string, string>>> {
  const rows = await listAppSecrets(database.read, appKey);
  return Object.fromEntries(rows.map(({ name, value }) => [name, secretBox.open(value, { appKey, name })]));
}
