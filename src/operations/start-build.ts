import { hash, randomUUID } from 'node:crypto';
import { findApp } from '../database/apps.ts';
import { insertAuditEntry } from '../database/audit.ts';
import type { Database, Queries } from '../database/database.ts';
import { findIdempotencyKey, insertIdempotencyKey } from '../database/idempotency-keys.ts';
import { insertPackage } from '../database/packages.ts';
import type { AppRow } from '../database/schema.ts';
import type { User } from '../database/users.ts';
import { displayBranch } from '../domain/branch-name.ts';
import type { PackageId } from '../domain/identifiers.ts';
import { packageName } from '../domain/package-name.ts';
import { quote, Refusal } from '../domain/refusal.ts';
import type { StartBuildRequest } from '../domain/start-build-request.ts';
import { packageVersion } from '../domain/version.ts';
import type { BuildQueue } from '../queue/build-queue.ts';
import { type Repository, RepositoryError, type ResolvedRevision } from '../repository/repository.ts';

export interface StartBuildDeps {
  readonly database: Database;
  readonly queue: BuildQueue;
  readonly repositoryOf: (app: AppRow) => Repository;
  readonly clock: () => number;
}

export interface StartBuildArgs {
  readonly app: AppRow;
  readonly user: User;
  readonly request: StartBuildRequest;
  readonly idempotencyKey: string | undefined;
}

/**
 * Accepts a build: finds its revision, and writes the package as Queued together with its place in the queue. Once this
 * resolves the build survives anything. The same idempotency key and request give the same PackageId.
 *
 * @throws Refusal INVALID_PARAMETERS, BUILD_FAILED (the remote does not answer), IDEMPOTENCY_KEY_REUSED, APP_NOT_FOUND
 */
export async function startBuild(deps: StartBuildDeps, args: StartBuildArgs, signal: AbortSignal): Promise<PackageId> {
  const earlier = await findEarlier(deps.database.read, args);
  if (earlier !== undefined) return earlier;
  const revision = await resolveRevision(deps, args, signal);
  const packageId = await deps.database
    .transaction(
      async (queries) => (await findEarlier(queries, args)) ?? (await acceptBuild(deps, queries, args, revision)),
    )
    .catch(refuseFullDisk);
  deps.queue.wake();
  return packageId;
}

async function resolveRevision(
  { database, repositoryOf }: StartBuildDeps,
  { app, request: { branch, revision } }: StartBuildArgs,
  signal: AbortSignal,
): Promise<ResolvedRevision> {
  try {
    const repository = repositoryOf(app);
    return await repository.resolve({ branch, revision }, signal);
  } catch (error) {
    if (!(error instanceof RepositoryError)) throw error;
    // Deleting an app closes its repository under whoever waits for it.
    if ((await findApp(database.read, app.id)) === undefined) throw new Refusal('APP_NOT_FOUND');
    throw refuse(error);
  }
}

/** Clients of this call know one code for what the server cannot do. */
function refuseFullDisk(error: unknown): never {
  if (!(error instanceof Refusal) || error.code !== 'STORAGE_FULL') throw error;
  throw new Refusal('BUILD_FAILED', `Build job failed: ${error.message}`, { cause: error });
}

function refuse(error: RepositoryError): Refusal {
  switch (error.kind) {
    case 'unknown-branch':
    case 'unknown-revision':
    case 'ambiguous-revision':
    case 'not-on-branch':
      return new Refusal('INVALID_PARAMETERS', error.message, { cause: error });
    case 'unreachable':
    case 'refused':
    case 'no-space':
    case 'unreadable':
    case 'bad-address':
      return new Refusal('BUILD_FAILED', error.message, { cause: error });
    default:
      return error.kind satisfies never;
  }
}

async function acceptBuild(
  { queue, clock }: StartBuildDeps,
  queries: Queries,
  { app, user, request, idempotencyKey }: StartBuildArgs,
  { branch, id: revision, namedByNumber }: ResolvedRevision,
): Promise<PackageId> {
  if ((await findApp(queries, app.id)) === undefined) throw new Refusal('APP_NOT_FOUND');
  const now = clock();
  const packageId = randomUUID() as PackageId;
  const version = packageVersion(request.version, { id: revision, number: namedByNumber });
  await insertPackage(queries, {
    id: packageId,
    app_id: app.id,
    name: packageName(displayBranch(branch), version),
    description: request.description,
    version,
    creator_login: user.login,
    creator_name: user.name,
    created_at: now,
    status: 'Queued',
    branch: branch.name,
    is_main_line: branch.isMainLine ? 1 : 0,
    revision,
    attempt: 0,
    interruptions: 0,
    size_bytes: 0,
  });
  await queue.enqueue(queries, { packageId });
  if (idempotencyKey !== undefined) {
    await insertIdempotencyKey(queries, {
      app_id: app.id,
      user_id: user.id,
      key: idempotencyKey,
      request_hash: hashRequest(request),
      package_id: packageId,
      created_at: now,
    });
  }
  await insertAuditEntry(queries, {
    at: now,
    login: user.login,
    action: 'build.start',
    subject: app.app_id,
    detail: `${packageId} ${version}`,
  });
  return packageId;
}

async function findEarlier(
  queries: Queries,
  { app, user, request, idempotencyKey }: StartBuildArgs,
): Promise<PackageId | undefined> {
  if (idempotencyKey === undefined) return undefined;
  const earlier = await findIdempotencyKey(queries, { app_id: app.id, user_id: user.id, key: idempotencyKey });
  if (earlier === undefined) return undefined;
  if (earlier.request_hash === hashRequest(request)) return earlier.package_id;
  throw new Refusal(
    'IDEMPOTENCY_KEY_REUSED',
    `The Idempotency-Key ${quote(idempotencyKey)} was used before with another request. Send a new one.`,
  );
}

function hashRequest({ branchText, revision, version, description }: StartBuildRequest): string {
  return hash('sha256', JSON.stringify([branchText, revision, version.text, description]));
}
