import { updateAppRow } from '../database/apps.ts';
import { insertAuditEntry } from '../database/audit.ts';
import type { Database } from '../database/database.ts';
import type { AppRow } from '../database/schema.ts';
import type { User } from '../database/users.ts';
import { formatAppSettings, readAppSettings, withDefaults } from '../domain/app-settings.ts';
import type { UpdateApp } from '../protocol/manage.ts';
import { type CheckRepository, checkRepositoryOf } from './check-repository.ts';

export interface UpdateAppDeps {
  readonly database: Database;
  readonly checkRepository: CheckRepository;
  readonly clock: () => number;
}

/**
 * Changes what is known of an app. What is not given stays as it is; builds that were accepted before go on with what
 * they find when they begin.
 *
 * @throws Refusal INVALID_PARAMETERS
 */
export async function updateApp(
  { database, checkRepository, clock }: UpdateAppDeps,
  { user, app, request }: { readonly user: User; readonly app: AppRow; readonly request: UpdateApp },
): Promise<AppRow> {
  const changes = changesOf(app, request);
  const row = { ...app, ...changes };
  checkRepositoryOf(row, checkRepository);
  await database.transaction(async (queries) => {
    await updateAppRow(queries, app.id, changes);
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

function changesOf(app: AppRow, request: UpdateApp): Partial<AppRow> {
  const { Name, Repository, MainBranch, ...settings } = request;
  return {
    ...(Name !== undefined && { name: Name?.trim() || app.app_id }),
    ...(Repository != null && { repository: Repository.trim() }),
    ...(MainBranch !== undefined && { main_branch: MainBranch?.trim() || null }),
    settings: formatAppSettings(withDefaults(settings, readAppSettings(app.settings))),
  };
}
