import { findApp } from '../database/apps.ts';
import type { Queries } from '../database/database.ts';
import { changeStartedPackage, findStartUnderWay } from '../database/deployment-jobs.ts';
import { findEnvironment } from '../database/environments.ts';
import { findAnyPackage } from '../database/packages.ts';
import type { AppRow, EnvironmentRow, PackageRow } from '../database/schema.ts';
import type { Turn } from '../deployment/leased-turn.ts';
import { SANDBOX } from '../domain/environment-mode.ts';
import type { PackageId } from '../domain/identifiers.ts';
import { Refusal } from '../domain/refusal.ts';
import type { SecretBox } from '../secrets/secret-box.ts';
import { type BringPackageDeps, bringPackage } from './bring-package.ts';
import { decideSettings } from './decide-settings.ts';
import { readDeclaredSettings } from './declared-settings.ts';
import { type InsertedStart, insertStart } from './insert-start.ts';

export interface DeployToSandboxDeps extends BringPackageDeps {
  readonly secretBox: SecretBox;
}

export interface DeployToSandboxArgs {
  readonly appKey: string;
  readonly packageId: PackageId;
}

/** How it ended, where it is not to be tried again. */
export type DeployEnd =
  | { readonly kind: 'done' }
  /** There is nothing to do: why. */
  | { readonly kind: 'skipped'; readonly why: string }
  /** Somebody stopped the environment while it started. */
  | { readonly kind: 'stopped' };

/**
 * Brings a package of a free app to its Sandbox and starts it there, in place of an older one and never of a newer one.
 * What the target has done already is not asked of it again, so that this may be called until it ends.
 *
 * @throws Refusal for what the target could not do; the reason of `signal`, or Refusal SHUTTING_DOWN
 */
export async function deployToSandbox(
  deps: DeployToSandboxDeps,
  args: DeployToSandboxArgs,
  signal: AbortSignal,
): Promise<DeployEnd> {
  const found = await findPlace(deps.database.read, args);
  if (typeof found === 'string') return { kind: 'skipped', why: found };
  const { id } = found.sandbox;
  return await deps.deployments.inTurnUnattended(id, signal, async (turn) => {
    turn.signal.throwIfAborted();
    const place = await findPlace(deps.database.read, args);
    if (typeof place === 'string') return { kind: 'skipped', why: place };
    return await deploy(deps, args, { ...place, id, turn });
  });
}

/** Where a package goes. */
interface Place {
  readonly app: AppRow;
  readonly sandbox: EnvironmentRow;
  readonly row: PackageRow;
}

/** @returns why it goes nowhere, where it does not */
async function findPlace(queries: Queries, { appKey, packageId }: DeployToSandboxArgs): Promise<Place | string> {
  const app = await findApp(queries, appKey);
  const row = await findAnyPackage(queries, packageId);
  if (app === undefined || row === undefined) return 'It was deleted.';
  if (app.license !== 'free') return 'The app is no free app any more: transport the package.';
  const sandbox = await findEnvironment(queries, appKey, SANDBOX.key);
  if (sandbox === undefined)
    return `The app has no environment '${SANDBOX.text}': create it, and the newest one goes there.`;
  for (const id of [sandbox.package_id, sandbox.running_package_id]) {
    const other = id === null ? undefined : await findAnyPackage(queries, id);
    if (other !== undefined && other.sequence > row.sequence) return describeNewer(other);
  }
  return { app, sandbox, row };
}

/** Why a package is not deployed. @param newer one that was accepted after it */
export function describeNewer({ version }: Pick<PackageRow, 'version'>): string {
  return `The package ${version} was accepted later.`;
}

/** @param id of the environment whose turn it is */
async function deploy(
  deps: DeployToSandboxDeps,
  args: DeployToSandboxArgs,
  { app, sandbox, row, id, turn }: Place & { readonly id: string; readonly turn: Turn },
): Promise<DeployEnd> {
  const { packageId } = args;
  const begin = async (queries: Queries) => await getSandbox(queries, args, id);
  if (sandbox.package_id !== packageId) {
    await bringPackage(deps, { login: row.creator_login, app, packageId, begin }, turn);
  } else if (sandbox.running_package_id === packageId) {
    return { kind: 'done' };
  }
  // The transaction finds what was remembered of it.
  await readDeclaredSettings(deps, packageId);
  const { job, failure: refused } = await turn.database.transaction(async (queries) => {
    const environment = await begin(queries);
    return await beginStart(deps, queries, { app, sandbox: environment, row });
  });
  const failure = refused ?? (await deps.deployments.start(job, turn));
  if (failure === undefined) return { kind: 'done' };
  if (failure === 'cut') return { kind: 'stopped' };
  throw new Refusal(failure.code, failure.message);
}

/** @throws Refusal for the next attempt to find out */
async function getSandbox(queries: Queries, args: DeployToSandboxArgs, id: string): Promise<EnvironmentRow> {
  const place = await findPlace(queries, args);
  if (typeof place === 'string') throw new Refusal('TRANSPORT_NOT_ALLOWED', place);
  if (place.sandbox.id === id) return place.sandbox;
  throw new Refusal('ENVIRONMENT_NOT_FOUND', `The environment '${SANDBOX.text}' was replaced by another one.`);
}

/** A start that was asked for and has not begun would run what the Sandbox held before: it becomes this one. */
async function beginStart(
  { secretBox, clock }: DeployToSandboxDeps,
  queries: Queries,
  { app, sandbox, row }: Place,
): Promise<InsertedStart> {
  const at = clock();
  const waiting = await findStartUnderWay(queries, sandbox.id);
  if (waiting === undefined) {
    const start = { login: row.creator_login, app, environment: sandbox, packageId: row.id, autoSyncDb: true, at };
    return await insertStart(queries, secretBox, start);
  }
  await changeStartedPackage(queries, waiting.id, row.id);
  const job = { ...waiting, package_id: row.id };
  return { job, failure: await decideSettings(queries, secretBox, { environment: sandbox, job, at }) };
}
