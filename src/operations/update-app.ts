import { updateAppRow } from '../database/apps.ts';
import { insertAuditEntry } from '../database/audit.ts';
import { noteChange } from '../database/change-notices.ts';
import type { Database } from '../database/database.ts';
import type { AppRow } from '../database/schema.ts';
import type { User } from '../database/users.ts';
import { formatAppSettings, readAppSettings, withDefaults } from '../domain/app-settings.ts';
import type { UpdateApp } from '../protocol/manage.ts';
import { takeCredentials } from '../repository/take-credentials.ts';
import type { SecretBox } from '../secrets/secret-box.ts';
import { sealAppCredentials } from './app-credentials.ts';
import { type CheckRepository, checkRepositoryOf } from './check-repository.ts';
import { makeFree } from './make-free.ts';
import { checkContact, readContact } from './technical-contact.ts';

export interface UpdateAppDeps {
  readonly database: Database;
  readonly secretBox: SecretBox;
  readonly checkRepository: CheckRepository;
  readonly clock: () => number;
}

/**
 * Changes what is known of an app. What is not given stays as it is; builds that were accepted before go on with what
 * they find when they begin. A password in a new address becomes the credentials of the app. An app that becomes free
 * gets its environment; one that is free no longer keeps that, and nothing is deployed there by itself any more.
 *
 * @throws Refusal INVALID_PARAMETERS, USER_NOT_FOUND
 */
export async function updateApp(
  { database, secretBox, checkRepository, clock }: UpdateAppDeps,
  { user, app, request }: { readonly user: User; readonly app: AppRow; readonly request: UpdateApp },
): Promise<AppRow> {
  checkRepositoryOf({ kind: app.kind, repository: request.Repository ?? app.repository }, checkRepository);
  const changes = changesOf(app, request, secretBox);
  const row = { ...app, ...changes };
  await database.transaction(async (queries) => {
    await checkContact(queries, row.technical_contact);
    await updateAppRow(queries, app.id, changes);
    if (request.Retention) noteChange(queries, 'retention');
    if (request.Free === true && app.license !== 'free') await makeFree(queries, { user, app, at: clock() });
    const detail = Object.keys(request).join(', ');
    await insertAuditEntry(queries, {
      at: clock(),
      login: user.login,
      action: 'app.update',
      subject: app.app_id,
      detail,
    });
  });
  return row;
}

function changesOf(app: AppRow, request: UpdateApp, secretBox: SecretBox): Partial<AppRow> {
  const { Name, Repository, MainBranch, TechnicalContact, Free, ...settings } = request;
  const { address, credentials } = takeCredentials(Repository ?? app.repository);
  return {
    ...(Name !== undefined && { name: Name?.trim() || app.app_id }),
    repository: address,
    ...(credentials !== undefined && { credentials: sealAppCredentials(secretBox, app.id, credentials) }),
    ...(Free !== undefined && { license: Free ? 'free' : 'licensed' }),
    ...(MainBranch !== undefined && { main_branch: MainBranch?.trim() || null }),
    ...(TechnicalContact !== undefined && { technical_contact: readContact(TechnicalContact) }),
    settings: formatAppSettings(withDefaults(settings, readAppSettings(app.settings))),
  };
}
