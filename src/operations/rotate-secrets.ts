import { listSealed, removeSealed, replaceSealed, type SealedText } from '../database/app-secrets.ts';
import { insertAuditEntry } from '../database/audit.ts';
import type { Database } from '../database/database.ts';
import { updateInstallation } from '../database/installation.ts';
import { parseLogin } from '../domain/identifiers.ts';
import { type SecretBox, SecretUnreadable } from '../secrets/secret-box.ts';

export interface RotateSecretsDeps {
  readonly database: Database;
  readonly clock: () => number;
}

export interface Rotation {
  /** undefined where the former key is lost. */
  readonly from: SecretBox | undefined;
  readonly to: SecretBox;
  /** Removes what cannot be opened, instead of giving up. */
  readonly dropUnreadable: boolean;
}

/** How many credentials and secrets were sealed anew, and how many had to be removed. */
export interface Rotated {
  readonly resealed: number;
  readonly dropped: number;
}

/**
 * Seals everything anew, with another key, in one transaction: afterwards nothing is left that the former key opens, and
 * the other one is that of all servers. For whoever holds the data folder: nobody's rights are checked.
 *
 * @throws SecretUnreadable for what cannot be opened; then nothing was changed
 */
export async function rotateSecrets({ database, clock }: RotateSecretsDeps, rotation: Rotation): Promise<Rotated> {
  return await database.transaction(async (queries) => {
    let dropped = 0;
    const all = await listSealed(queries);
    for (const one of all) {
      const sealed = reseal(rotation, one);
      if (sealed !== undefined) await replaceSealed(queries, { ...one, sealed });
      else await removeSealed(queries, one);
      dropped += sealed === undefined ? 1 : 0;
    }
    await updateInstallation(queries, { secret_key_id: rotation.to.keyId });
    const login = parseLogin('admin');
    const resealed = all.length - dropped;
    const detail = `${resealed} encrypted anew, ${dropped} removed, by slipway secrets rotate`;
    await insertAuditEntry(queries, {
      at: clock(),
      login,
      action: 'secrets.rotate',
      subject: rotation.to.keyId,
      detail,
    });
    return { resealed, dropped };
  });
}

/** @returns undefined for what cannot be opened and is to be removed */
function reseal({ from, to, dropUnreadable }: Rotation, one: SealedText): string | undefined {
  try {
    if (from === undefined) throw new SecretUnreadable('There is no key to open it with.');
    return to.seal(from.open(one.sealed, one), one);
  } catch (error) {
    if (!(error instanceof SecretUnreadable)) throw error;
    if (dropUnreadable) return undefined;
    throw new SecretUnreadable(`Of the app '${one.appId}': ${error.message}`, { cause: error });
  }
}
