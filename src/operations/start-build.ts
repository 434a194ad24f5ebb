import { hash } from 'node:crypto';
import { findApp } from '../database/apps.ts';
import type { Database, Queries } from '../database/database.ts';
import { findIdempotencyKey, insertIdempotencyKey } from '../database/idempotency-keys.ts';
import type { AppRow } from '../database/schema.ts';
import type { User } from '../database/users.ts';
import type { PackageId } from '../domain/identifiers.ts';
import { quote, Refusal } from '../domain/refusal.ts';
import type { StartBuildRequest } from '../domain/start-build-request.ts';
import { type Repository, RepositoryError, type ResolvedRevision } from '../repository/repository.ts';
import type { Span, Tracing } from '../tracing/tracing.ts';
import { type AcceptBuildDeps, acceptBuild } from './accept-build.ts';

export interface StartBuildDeps extends AcceptBuildDeps {
  readonly database: Database;
  readonly tracing: Tracing;
  readonly repositoryOf: (app: AppRow) => Repository;
}

export interface StartBuildArgs {
  readonly app: AppRow;
  readonly user: User;
  readonly request: StartBuildRequest;
  readonly idempotencyKey: string | undefined;
  /** The caller's span, as `traceparent` of W3C Trace Context; undefined where it has none. */
  readonly traceParent: string | undefined;
}

/**
 * Accepts a build: finds its revision, and writes the package as Queued together with its place in the queue. Once this
 * resolves the build survives anything. The same idempotency key and request give the same PackageId.
 *
 * @throws Refusal INVALID_PARAMETERS, BUILD_FAILED (the remote does not answer), IDEMPOTENCY_KEY_REUSED, APP_NOT_FOUND
 */
export async function startBuild(deps: StartBuildDeps, args: StartBuildArgs, signal: AbortSignal): Promise<PackageId> {
  const span = deps.tracing.begin('accept', args.traceParent);
  const earlier = await findEarlier(deps.database.read, args);
  if (earlier !== undefined) return earlier;
  const revision = await resolveRevision(deps, args, signal);
  const { packageId, isAccepted } = await deps.database
    .transaction(async (queries) => {
      const other = await findEarlier(queries, args);
      if (other !== undefined) return { packageId: other, isAccepted: false };
      return { packageId: await accept(deps, queries, args, revision, span), isAccepted: true };
    })
    .catch(refuseFullDisk);
  // Whoever only asks again is no part of the build: it has one trace.
  if (isAccepted) span.end();
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

async function accept(
  deps: StartBuildDeps,
  queries: Queries,
  { app, user, request, idempotencyKey }: StartBuildArgs,
  revision: ResolvedRevision,
  span: Span,
): Promise<PackageId> {
  const { version, description } = request;
  const packageId = await acceptBuild(deps, queries, { app, user, revision, version, description, span });
  if (idempotencyKey !== undefined) {
    await insertIdempotencyKey(queries, {
      app_id: app.id,
      user_id: user.id,
      key: idempotencyKey,
      request_hash: hashRequest(request),
      package_id: packageId,
      created_at: deps.clock(),
    });
  }
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
