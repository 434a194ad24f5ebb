import { randomUUID } from 'node:crypto';
import { insertApp, isAppTaken } from '../database/apps.ts';
import { insertAuditEntry } from '../database/audit.ts';
import type { Database } from '../database/database.ts';
import { replacePermissions } from '../database/permissions.ts';
import type { AppRow } from '../database/schema.ts';
import type { User } from '../database/users.ts';
import { formatAppSettings, withDefaults } from '../domain/app-settings.ts';
import { hideCredentials } from '../domain/credentials-in-text.ts';
import { type AppId, type ProjectId, parseAppId, parseProjectId } from '../domain/identifiers.ts';
import { quote, Refusal } from '../domain/refusal.ts';
import type { CreateApp, RepositoryKind } from '../protocol/manage.ts';
import { USUAL_RIGHTS } from '../protocol/permissions.ts';
import { takeCredentials } from '../repository/take-credentials.ts';
import type { SecretBox } from '../secrets/secret-box.ts';
import { sealAppCredentials } from './app-credentials.ts';
import { type CheckRepository, checkRepositoryOf } from './check-repository.ts';
import { makeFree } from './make-free.ts';
import { checkContact, readContact } from './technical-contact.ts';

export interface CreateAppDeps {
  readonly database: Database;
  readonly secretBox: SecretBox;
  readonly checkRepository: CheckRepository;
  /** Finds out the kind of a repository; git where nothing tells, `hidden` where its server asks who we are first. */
  readonly findKind: (address: string) => Promise<RepositoryKind | 'hidden'>;
  readonly clock: () => number;
}

/**
 * Binds an app to a repository. It is asked for its kind at most: an app may be created before its repository can be
 * reached. A password in its address is kept as the credentials of the app. A free one gets its environment.
 *
 * @throws Refusal INVALID_APPID, INVALID_PARAMETERS, ALREADY_EXISTS, USER_NOT_FOUND
 */
export async function createApp(
  { database, secretBox, checkRepository, findKind, clock }: CreateAppDeps,
  { user, request }: { readonly user: User; readonly request: CreateApp },
): Promise<AppRow> {
  const kind = request.Kind ?? (await findKind(request.Repository));
  if (kind === 'hidden') throw hiddenKind(request.Repository);
  checkRepositoryOf({ kind, repository: request.Repository }, checkRepository);
  const row = newApp(request, kind, secretBox, clock());
  await database.transaction(async (queries) => {
    if (await isAppTaken(queries, row.app_id, row.project_id)) {
      throw new Refusal('ALREADY_EXISTS', `There is already an app with the AppId '${row.app_id}' or this ProjectId.`);
    }
    await checkContact(queries, row.technical_contact);
    await insertApp(queries, row);
    const usual = { appWide: new Set(USUAL_RIGHTS), own: new Map() };
    await replacePermissions(queries, { appKey: row.id, userId: user.id }, usual);
    await insertAuditEntry(queries, {
      at: row.created_at,
      login: user.login,
      action: 'app.create',
      subject: row.app_id,
      detail: row.name,
    });
    if (request.Free === true) await makeFree(queries, { user, app: row, at: row.created_at });
  });
  return row;
}

function hiddenKind(address: string): Refusal {
  const shown = hideCredentials(address.trim());
  const sentence = `The server of ${shown} asks for a password before it says whether it holds Git or Subversion: give the Kind (--kind git or --kind svn), and then the app its credentials.`;
  return new Refusal('INVALID_PARAMETERS', sentence);
}

function newApp(request: CreateApp, kind: RepositoryKind, secretBox: SecretBox, createdAt: number): AppRow {
  const appId = parseAppId(request.AppId);
  if (appId === undefined) {
    throw new Refusal(
      'INVALID_APPID',
      `${quote(request.AppId)} cannot be an AppId: use 1 to 63 letters, digits and inner hyphens.`,
    );
  }
  const {
    AppId: _,
    Name,
    Repository,
    MainBranch,
    ProjectId,
    TechnicalContact,
    Kind: _kind,
    Free,
    ...settings
  } = request;
  const id = randomUUID();
  const { address, credentials } = takeCredentials(Repository);
  return {
    id,
    app_id: appId satisfies AppId,
    project_id: readProjectId(ProjectId),
    name: Name?.trim() || appId,
    kind,
    repository: address,
    main_branch: MainBranch?.trim() || null,
    license: Free === true ? 'free' : 'licensed',
    created_at: createdAt,
    served_at: 0,
    served_by: null,
    settings: formatAppSettings(withDefaults(settings)),
    credentials: credentials === undefined ? null : sealAppCredentials(secretBox, id, credentials),
    technical_contact: readContact(TechnicalContact),
    deleted_at: null,
  };
}

function readProjectId(text: string | undefined): ProjectId {
  if (text === undefined) return randomUUID() as string as ProjectId;
  const projectId = parseProjectId(text.trim());
  if (projectId === undefined) throw new Refusal('INVALID_PARAMETERS', `${quote(text)} is not a uuid.`);
  return projectId;
}
