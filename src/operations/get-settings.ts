import type { Database } from '../database/database.ts';
import { findEnvironmentSettings } from '../database/environment-settings.ts';
import type { EnvironmentRow } from '../database/schema.ts';
import type { DeclaredSettings, SettingValues } from '../domain/environment-settings.ts';
import type { SecretBox } from '../secrets/secret-box.ts';
import { type DeclaredSettingsDeps, readDeclaredSettings } from './declared-settings.ts';
import { findSettings } from './environment-settings.ts';

export interface GetSettingsDeps extends DeclaredSettingsDeps {
  readonly database: Database;
  readonly secretBox: SecretBox;
}

/** The settings of an environment. What cannot be decrypted any more is as if it had never been set. */
export interface EnvironmentSettings {
  /** By the package that it holds. */
  readonly declared: DeclaredSettings;
  readonly chosen: SettingValues;
  /** What the last start that ended well ran with; nothing before the first. */
  readonly deployed: SettingValues;
}

export async function getSettings(deps: GetSettingsDeps, environment: EnvironmentRow): Promise<EnvironmentSettings> {
  const { database, secretBox } = deps;
  const declared = await readDeclaredSettings(deps, environment.package_id);
  const row = await findEnvironmentSettings(database.read, environment.id);
  return {
    declared,
    chosen: findSettings(secretBox, environment, 'chosen', row),
    deployed: findSettings(secretBox, environment, 'deployed', row),
  };
}
