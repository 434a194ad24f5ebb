import { insertAuditEntry } from '../database/audit.ts';
import { findEnvironmentSettings, putEnvironmentSettings } from '../database/environment-settings.ts';
import type { AppRow } from '../database/schema.ts';
import type { User } from '../database/users.ts';
import { changeSettings } from '../domain/change-settings.ts';
import type { Mode } from '../domain/environment-mode.ts';
import type { SetSettingsRequest } from '../domain/set-settings-request.ts';
import { findDeclaredSettings, readDeclaredSettings } from './declared-settings.ts';
import { findSettings, sealSettings } from './environment-settings.ts';
import { getEnvironment } from './get-environment.ts';
import { type EnvironmentSettings, type GetSettingsDeps, getSettings } from './get-settings.ts';

export interface SetSettingsDeps extends GetSettingsDeps {
  readonly clock: () => number;
}

/** Names are told, values never. */
const MOST_AUDITED_LENGTH = 1000;

/**
 * Sets what a request names, and nothing where any of it is wrong. The next start runs with it. A start that has begun
 * goes on with what it began with.
 *
 * @returns the settings as they are then
 * @throws Refusal ENVIRONMENT_NOT_FOUND, and as `changeSettings` says
 */
export async function setSettings(
  deps: SetSettingsDeps,
  args: { readonly user: User; readonly app: AppRow; readonly mode: Mode; readonly request: SetSettingsRequest },
): Promise<EnvironmentSettings> {
  const { database, secretBox, clock } = deps;
  const { user, app, mode, request } = args;
  // The transaction finds what was remembered of it.
  await readDeclaredSettings(deps, (await getEnvironment(database.read, app, mode)).package_id);
  const written = await database.transaction(async (queries) => {
    const environment = await getEnvironment(queries, app, mode);
    const declared = await findDeclaredSettings(queries, environment.package_id);
    const row = await findEnvironmentSettings(queries, environment.id);
    const before = findSettings(secretBox, environment, 'chosen', row);
    const { chosen, changed } = changeSettings(declared, before, request);
    if (changed.length === 0) return environment;
    const sealed = sealSettings(secretBox, environment, 'chosen', chosen);
    await putEnvironmentSettings(queries, environment.id, 'chosen', sealed);
    const detail = `${environment.mode} ${changed.join(' ')}`.slice(0, MOST_AUDITED_LENGTH);
    const entry = { login: user.login, action: 'environment.settings', subject: app.app_id, detail };
    await insertAuditEntry(queries, { at: clock(), ...entry });
    return environment;
  });
  return await getSettings(deps, written);
}
