import type { Database } from '../database/database.ts';
import { hasDeployEntry } from '../database/deploy-entries.ts';
import { findModeUsing } from '../database/environments.ts';
import { findPackage } from '../database/packages.ts';
import type { AppRow } from '../database/schema.ts';
import type { User } from '../database/users.ts';
import { SANDBOX } from '../domain/environment-mode.ts';
import type { PackageId } from '../domain/identifiers.ts';
import { Refusal } from '../domain/refusal.ts';
import { hasEnded } from '../protocol/package.ts';
import { type RemoveFilesDeps, removeFiles, removeRows } from './remove-packages.ts';

export interface DeletePackageDeps extends RemoveFilesDeps {
  readonly database: Database;
  readonly clock: () => number;
}

/**
 * Deletes a package: first its row, so that nobody can find it any more, then its file and its log. What a crash leaves
 * behind in between has no row and is swept.
 *
 * @throws Refusal PACKAGE_NOT_FOUND, PACKAGE_IN_USE while its build has not ended, an environment holds it, runs it or
 *   is being given it, or it is pinned
 */
export async function deletePackage(
  deps: DeletePackageDeps,
  { app, user, packageId }: { readonly app: AppRow; readonly user: User; readonly packageId: PackageId },
): Promise<void> {
  const { database, clock } = deps;
  const row = await database.transactionInReserve(async (queries) => {
    const found = await findPackage(queries, app.id, packageId);
    if (found === undefined) throw new Refusal('PACKAGE_NOT_FOUND');
    if (!hasEnded(found.status)) {
      throw new Refusal(
        'PACKAGE_IN_USE',
        `Package is still in use: its build is ${found.status}. Cancel the build or wait for its end.`,
      );
    }
    const mode = await findModeUsing(queries, packageId);
    if (mode !== undefined) {
      const advice = 'transport another one there, and stop it where this one runs';
      throw new Refusal('PACKAGE_IN_USE', `Package is still in use by the environment '${mode}': ${advice}.`);
    }
    if (await hasDeployEntry(queries, packageId)) {
      const advice = 'wait until it is there, or build another one in its place';
      throw new Refusal(
        'PACKAGE_IN_USE',
        `Package is still in use: it is being deployed to '${SANDBOX.text}': ${advice}.`,
      );
    }
    if (found.pinned === 1) {
      const advice = `'slipway package unpin ${app.app_id} ${packageId}' lets it go`;
      throw new Refusal('PACKAGE_IN_USE', `Package is still in use: it is pinned. ${advice}.`);
    }
    const removal = { app, login: user.login, action: 'package.delete', note: '', at: clock() } as const;
    await removeRows(queries, removal, [found]);
    return found;
  });
  await removeFiles(deps, [row]);
}
