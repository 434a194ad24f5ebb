import type { FastifyRequest } from 'fastify';
import type { Database } from '../database/database.ts';
import { findPackage } from '../database/packages.ts';
import type { AppRow, PackageRow } from '../database/schema.ts';
import { type PackageId, parsePackageId } from '../domain/identifiers.ts';
import { Refusal } from '../domain/refusal.ts';
import { type AppRefusals, getVisibleApp } from './visible-app.ts';

/** The address of a call on one package. */
export interface PackageCall {
  Params: { readonly app: string; readonly packageId: string };
}

const MISSING = 'Not enough parameters given. Please set AppId and PackageId parameters.';
const REFUSALS: AppRefusals = { malformed: 'INVALID_PARAMETERS', notFound: 'APP_NOT_FOUND', message: MISSING };

/**
 * The app and the id of a call on one package; whether there is such a package is not looked up.
 *
 * @throws Refusal INVALID_PARAMETERS, APP_NOT_FOUND, NO_ACCESS, PACKAGE_NOT_FOUND for what cannot be an id
 */
export async function getPackageAddress(
  { database }: { readonly database: Database },
  request: Pick<FastifyRequest<PackageCall>, 'caller' | 'needs' | 'params'>,
): Promise<{ readonly app: AppRow; readonly packageId: PackageId }> {
  const { packageId: idText } = request.params;
  const app = await getVisibleApp(database.read, request, REFUSALS);
  const packageId = parsePackageId(idText.trim());
  if (packageId !== undefined) return { app, packageId };
  throw idText.trim() === '' ? new Refusal('INVALID_PARAMETERS', MISSING) : new Refusal('PACKAGE_NOT_FOUND');
}

/**
 * The package of a call.
 *
 * @throws Refusal INVALID_PARAMETERS, APP_NOT_FOUND, NO_ACCESS, PACKAGE_NOT_FOUND
 */
export async function getPackage(
  deps: { readonly database: Database },
  request: FastifyRequest<PackageCall>,
): Promise<PackageRow> {
  const { app, packageId } = await getPackageAddress(deps, request);
  return requirePackage(await findPackage(deps.database.read, app.id, packageId));
}

/** @throws Refusal PACKAGE_NOT_FOUND */
export function requirePackage(row: PackageRow | undefined): PackageRow {
  if (row === undefined) throw new Refusal('PACKAGE_NOT_FOUND');
  return row;
}
