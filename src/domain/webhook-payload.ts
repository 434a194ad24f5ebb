import type { RepositoryKind } from '../protocol/manage.ts';
import type { PackageOrigin, PackageStatus } from '../protocol/package.ts';
import type { EventType } from '../protocol/webhook-events.ts';
import type { BranchChange } from './push/push.ts';

/** Of a package, what messages say of it. */
export interface ToldPackage {
  readonly id: string;
  readonly name: string;
  readonly version: string;
  readonly status: PackageStatus;
  readonly origin: PackageOrigin;
  readonly branch: string;
  readonly revision: string;
  readonly creator_login: string;
  readonly mendix_version: string | null;
  readonly failure_code: string | null;
  readonly failure_reason: string | null;
}

/** Of its app. */
export interface ToldApp {
  readonly app_id: string;
  readonly project_id: string;
}

/**
 * The body of a message about a package. Names of fields are those of the documented `package.uploaded`, which is such a
 * message too.
 *
 * @param at when it happened, in milliseconds since 1970
 */
export function packagePayload(eventType: EventType, app: ToldApp, row: ToldPackage, at: number): string {
  return JSON.stringify({
    ...beginning(eventType, app, at),
    ...describePackage(row),
    ...(row.failure_code !== null && { failureCode: row.failure_code, reason: row.failure_reason }),
    ...(eventType === 'package.uploaded' && {
      uploadTime: new Date(at).toISOString(),
      uploaderId: row.creator_login,
    }),
  });
}

/**
 * The body of a message about an environment.
 *
 * @param failure why the package does not run there, or did not get there; undefined where it runs
 */
export function environmentPayload(
  eventType: EventType,
  app: ToldApp,
  environment: { readonly id: string; readonly mode: string; readonly url: string },
  row: ToldPackage | undefined,
  { at, failure }: { readonly at: number; readonly failure?: { readonly code: string; readonly message: string } },
): string {
  return JSON.stringify({
    ...beginning(eventType, app, at),
    environmentId: environment.id,
    environment: environment.mode,
    url: environment.url,
    ...(row !== undefined && describePackage(row)),
    ...(failure !== undefined && { failureCode: failure.code, reason: failure.message }),
  });
}

/**
 * The body of `teamserver.push`, as it is documented. What only the hosted service knows of a commit is null or empty.
 */
export function pushPayload(
  app: ToldApp,
  { branch, before, after, commits }: BranchChange,
  repositoryType: RepositoryKind,
  at: number,
): string {
  return JSON.stringify({
    ...beginning('teamserver.push', app, at),
    repositoryType,
    branchName: branch,
    before,
    after,
    commits: commits.map((commit) => ({ ...commit, mendixVersion: null, relatedStories: [] })),
  });
}

function beginning(eventType: EventType, { app_id, project_id }: ToldApp, at: number) {
  return { eventType, time: new Date(at).toISOString(), appId: app_id, projectId: project_id };
}

function describePackage(row: ToldPackage) {
  return {
    packageId: row.id,
    name: row.name,
    modelVersion: row.version,
    runtimeVersion: row.mendix_version,
    status: row.status,
    ...(row.origin === 'build' && { branchName: row.branch, revision: row.revision }),
  };
}
