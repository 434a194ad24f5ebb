import { insertAuditEntry } from '../database/audit.ts';
import type { Database } from '../database/database.ts';
import { findPackage, updatePinned } from '../database/packages.ts';
import type { AppRow } from '../database/schema.ts';
import type { User } from '../database/users.ts';
import type { PackageId } from '../domain/identifiers.ts';
import { Refusal } from '../domain/refusal.ts';

export interface PinPackageDeps {
  readonly database: Database;
  readonly clock: () => number;
}

export interface PinPackageArgs {
  readonly app: AppRow;
  readonly user: User;
  readonly packageId: PackageId;
  /** false to let it go. */
  readonly pinned: boolean;
}

/**
 * Keeps a package until it is unpinned, or does so no longer. Doing it again changes nothing.
 *
 * @throws Refusal PACKAGE_NOT_FOUND
 */
export async function pinPackage({ database, clock }: PinPackageDeps, args: PinPackageArgs): Promise<void> {
  const { app, user, packageId, pinned } = args;
  await database.transaction(async (queries) => {
    const row = await findPackage(queries, app.id, packageId);
    if (row === undefined) throw new Refusal('PACKAGE_NOT_FOUND');
    if ((row.pinned === 1) === pinned) return;
    await updatePinned(queries, packageId, pinned);
    await insertAuditEntry(queries, {
      at: clock(),
      login: user.login,
      action: pinned ? 'package.pin' : 'package.unpin',
      subject: app.app_id,
      detail: `${packageId} ${row.version}`,
    });
  });
}
