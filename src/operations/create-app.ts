import { randomUUID } from 'node:crypto';
import { insertApiRights, insertApp, isAppTaken } from '../database/apps.ts';
import { insertAuditEntry } from '../database/audit.ts';
import type { Database } from '../database/database.ts';
import type { AppRow } from '../database/schema.ts';
import type { User } from '../database/users.ts';
import { type AppId, type ProjectId, parseAppId, parseProjectId } from '../domain/identifiers.ts';
import { quote, Refusal } from '../domain/refusal.ts';
import type { CreateApp } from '../protocol/manage.ts';
import { RepositoryError } from '../repository/repository.ts';

export interface CreateAppDeps {
  readonly database: Database;
  /** @throws RepositoryError when the address is one that Slipway does not use; touches nothing */
  readonly checkRepository: (repository: { readonly kind: 'git'; readonly address: string }) => void;
  readonly clock: () => number;
}

/**
 * Binds an app to a repository. The remote is not asked: an app may be created before its repository can be reached.
 *
 * @throws Refusal INVALID_APPID, INVALID_PARAMETERS, ALREADY_EXISTS
 */
export async function createApp(
  { database, checkRepository, clock }: CreateAppDeps,
  { user, request }: { readonly user: User; readonly request: CreateApp },
): Promise<AppRow> {
  const row = newApp(request, clock());
  refuseBadAddress(() => checkRepository({ kind: row.kind, address: row.repository }));
  await database.transaction(async (queries) => {
    if (await isAppTaken(queries, row.app_id, row.project_id)) {
      throw new Refusal('ALREADY_EXISTS', `There is already an app with the AppId '${row.app_id}' or this ProjectId.`);
    }
    await insertApp(queries, row);
    await insertApiRights(queries, row.id, user.id, row.created_at);
    await insertAuditEntry(queries, {
      at: row.created_at,
      login: user.login,
      action: 'app.create',
      subject: row.app_id,
      detail: row.name,
    });
  });
  return row;
}

function newApp(request: CreateApp, createdAt: number): AppRow {
  const appId = parseAppId(request.AppId);
  if (appId === undefined) {
    throw new Refusal(
      'INVALID_APPID',
      `${quote(request.AppId)} cannot be an AppId: use 1 to 63 letters, digits and inner hyphens.`,
    );
  }
  return {
    id: randomUUID(),
    app_id: appId satisfies AppId,
    project_id: readProjectId(request.ProjectId),
    name: request.Name?.trim() || appId,
    kind: 'git',
    repository: request.Repository.trim(),
    main_branch: request.MainBranch?.trim() || null,
    created_at: createdAt,
    served_at: 0,
    deleted_at: null,
  };
}

function readProjectId(text: string | undefined): ProjectId {
  if (text === undefined) return randomUUID() as string as ProjectId;
  const projectId = parseProjectId(text.trim());
  if (projectId === undefined) throw new Refusal('INVALID_PARAMETERS', `${quote(text)} is not a uuid.`);
  return projectId;
}

function refuseBadAddress(check: () => void): void {
  try {
    check();
  } catch (error) {
    throw error instanceof RepositoryError ? new Refusal('INVALID_PARAMETERS', error.message, { cause: error }) : error;
  }
}
