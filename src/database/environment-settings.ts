import type { SettingsPart } from '../domain/environment-settings.ts';
import type { Queries } from './database.ts';
import type { EnvironmentSettingsRow } from './schema.ts';

/** The settings of an environment, sealed; undefined where there were never any. */
export function findEnvironmentSettings(
  queries: Queries,
  environmentId: string,
): Promise<EnvironmentSettingsRow | undefined> {
  return queries
    .selectFrom('environment_settings')
    .selectAll()
    .where('environment_id', '=', environmentId)
    .executeTakeFirst();
}

/** Writes one part of the settings of an environment. @param sealed null for nothing */
export async function putEnvironmentSettings(
  queries: Queries,
  environmentId: string,
  part: SettingsPart,
  sealed: string | null,
): Promise<void> {
  await queries
    .insertInto('environment_settings')
    .values({ environment_id: environmentId, [part]: sealed })
    .onConflict((conflict) => conflict.column('environment_id').doUpdateSet({ [part]: sealed }))
    .execute();
}

/** Remembers what the start that has just ended well ran with. */
export async function keepDeployedSettings(queries: Queries, environmentId: string): Promise<void> {
  await queries
    .updateTable('environment_settings')
    .set(({ ref }) => ({ deployed: ref('starting'), starting: null }))
    .where('environment_id', '=', environmentId)
    .execute();
}
