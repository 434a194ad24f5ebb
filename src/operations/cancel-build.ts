import { insertAuditEntry } from '../database/audit.ts';
import type { Database } from '../database/database.ts';
import { changeStatus, findPackage } from '../database/packages.ts';
import type { AppRow } from '../database/schema.ts';
import type { User } from '../database/users.ts';
import type { PackageId } from '../domain/identifiers.ts';
import { Refusal } from '../domain/refusal.ts';
import { hasEnded } from '../protocol/package.ts';

export interface CancelBuildDeps {
  readonly database: Database;
  readonly clock: () => number;
}

/**
 * Ends a build that has not ended: the package is Failed, with the reason `canceled`, from now on. A worker that has it
 * hears of it through the change, and can write nothing any more.
 *
 * @throws Refusal PACKAGE_NOT_FOUND, BUILD_ALREADY_ENDED
 */
export async function cancelBuild(
  { database, clock }: CancelBuildDeps,
  { app, user, packageId }: { readonly app: AppRow; readonly user: User; readonly packageId: PackageId },
): Promise<void> {
  await database.transactionInReserve(async (queries) => {
    const row = await findPackage(queries, app.id, packageId);
    if (row === undefined) throw new Refusal('PACKAGE_NOT_FOUND');
    if (hasEnded(row.status)) {
      throw new Refusal('BUILD_ALREADY_ENDED', `This build has ended as ${row.status} and cannot be canceled.`);
    }
    const guard = { packageId, status: row.status, attempt: row.attempt };
    await changeStatus(queries, guard, 'Failed', {
      failure_code: 'canceled',
      failure_reason: 'canceled',
      finished_at: clock(),
      lease_expires_at: null,
    });
    await insertAuditEntry(queries, {
      at: clock(),
      login: user.login,
      action: 'build.cancel',
      subject: app.app_id,
      detail: `${packageId} ${row.version}`,
    });
  });
}
