import { randomUUID } from 'node:crypto';
import { findApp } from '../database/apps.ts';
import { insertAuditEntry } from '../database/audit.ts';
import type { Queries } from '../database/database.ts';
import { insertPackage } from '../database/packages.ts';
import type { AppRow } from '../database/schema.ts';
import type { User } from '../database/users.ts';
import { displayBranch, MOST_BRANCH_BYTES, presentBranch } from '../domain/branch-name.ts';
import type { PackageId } from '../domain/identifiers.ts';
import { packageName } from '../domain/package-name.ts';
import { Refusal } from '../domain/refusal.ts';
import { packageVersion, type RequestedVersion } from '../domain/version.ts';
import type { ResolvedRevision } from '../repository/repository.ts';
import type { Span } from '../tracing/tracing.ts';

export interface AcceptBuildDeps {
  readonly clock: () => number;
}

export interface AcceptedBuild {
  readonly app: AppRow;
  /** Whose build it is. */
  readonly user: User;
  readonly revision: ResolvedRevision;
  readonly version: RequestedVersion;
  readonly description: string;
  /** What accepts it: whoever goes on with the build does so below it. For the caller to end. */
  readonly span: Span;
}

/**
 * Writes a package as Queued, which is its place in the queue. Once the transaction has committed, the build survives
 * anything.
 *
 * @throws Refusal APP_NOT_FOUND for an app that was deleted meanwhile; INVALID_PARAMETERS for a branch with a name that
 *   is too long
 */
export async function acceptBuild(
  { clock }: AcceptBuildDeps,
  queries: Queries,
  { app, user, span, revision: { branch, id: revision, namedByNumber }, ...asked }: AcceptedBuild,
): Promise<PackageId> {
  if ((await findApp(queries, app.id)) === undefined) throw new Refusal('APP_NOT_FOUND');
  checkLength(branch.name);
  const now = clock();
  const packageId = randomUUID() as PackageId;
  const version = packageVersion(asked.version, { id: revision, number: namedByNumber });
  await insertPackage(queries, {
    id: packageId,
    app_id: app.id,
    name: packageName(displayBranch(branch), version),
    description: asked.description,
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
    trace_parent: span.traceParent,
  });
  await insertAuditEntry(queries, {
    at: now,
    login: user.login,
    action: 'build.start',
    subject: app.app_id,
    detail: `${packageId} ${version}`,
  });
  span.describe({ appId: app.app_id, packageId, version, revision, branch: presentBranch(branch) });
  return packageId;
}

function checkLength(branch: string): void {
  const bytes = Buffer.byteLength(branch);
  if (bytes <= MOST_BRANCH_BYTES) return;
  const message = `The name of the branch is ${bytes} bytes long; at most ${MOST_BRANCH_BYTES} are accepted.`;
  throw new Refusal('INVALID_PARAMETERS', message);
}
