import { findApp } from '../database/apps.ts';
import type { Queries } from '../database/database.ts';
import { findPackage } from '../database/packages.ts';
import type { AppRow, EnvironmentRow } from '../database/schema.ts';
import type { User } from '../database/users.ts';
import { type Mode, SANDBOX } from '../domain/environment-mode.ts';
import type { PackageId } from '../domain/identifiers.ts';
import { Refusal } from '../domain/refusal.ts';
import { hasEnded, type PackageStatus } from '../protocol/package.ts';
import { type BringPackageDeps, bringPackage } from './bring-package.ts';
import { getEnvironment } from './get-environment.ts';

export interface TransportPackageArgs {
  readonly user: User;
  readonly app: AppRow;
  readonly mode: Mode;
  readonly packageId: PackageId;
}

/**
 * Brings a package to an environment, which holds it from then on. One that runs goes on with what it runs, until it is
 * stopped and started. From before the target is asked the package is in use, and it is known what it declares.
 *
 * @throws Refusal APP_NOT_FOUND, ENVIRONMENT_NOT_FOUND, TRANSPORT_NOT_ALLOWED for a free app, PACKAGE_NOT_FOUND,
 *   `SERVICE UNAVAILABLE` while it is being built, `NOT ALLOWED` where its build failed, TRANSPORT_FAILED or what the
 *   target says
 */
export async function transportPackage(deps: BringPackageDeps, args: TransportPackageArgs): Promise<void> {
  const { user, app, packageId } = args;
  // Before its turn too: a free app that is being deployed would have it for as long as that takes.
  const { id } = await getReceiver(deps.database.read, args);
  const begin = (queries: Queries) => checkTransport(queries, args);
  await deps.deployments.inTurn(id, (turn) => bringPackage(deps, { login: user.login, app, packageId, begin }, turn));
}

async function getReceiver(queries: Queries, { app, mode }: TransportPackageArgs): Promise<EnvironmentRow> {
  const current = await findApp(queries, app.id);
  if (current === undefined) throw new Refusal('APP_NOT_FOUND');
  const environment = await getEnvironment(queries, current, mode);
  if (current.license !== 'free') return environment;
  const message = `'${current.app_id}' is a free app: each of its packages is deployed to '${SANDBOX.text}' by itself.`;
  throw new Refusal('TRANSPORT_NOT_ALLOWED', message);
}

async function checkTransport(queries: Queries, args: TransportPackageArgs): Promise<EnvironmentRow> {
  const environment = await getReceiver(queries, args);
  const row = await findPackage(queries, args.app.id, args.packageId);
  if (row === undefined) throw new Refusal('PACKAGE_NOT_FOUND', `The app has no package '${args.packageId}'.`);
  if (row.status !== 'Succeeded') throw refusePackage(row.status, args.packageId);
  return environment;
}

/** The codes are those of packages that are still being processed, and of those that could not be. */
function refusePackage(status: PackageStatus, id: PackageId): Refusal {
  return hasEnded(status)
    ? new Refusal('NOT ALLOWED', `Cannot transport the package '${id}': its build failed. Build another one.`)
    : new Refusal(
        'SERVICE UNAVAILABLE',
        `Cannot transport the package '${id}': it is ${status}. Retry once it Succeeded.`,
      );
}
