import type { EnvironmentRow, EnvironmentSettingsRow } from '../database/schema.ts';
import { NOTHING_SET, type SettingsPart, type SettingValues } from '../domain/environment-settings.ts';
import { type SecretBox, type SecretPlace, SecretUnreadable } from '../secrets/secret-box.ts';

type Place = Pick<EnvironmentRow, 'id' | 'app_id'>;

const placeOf = ({ id, app_id }: Place, settings: SettingsPart): SecretPlace => ({
  appKey: app_id,
  name: undefined,
  environmentId: id,
  settings,
});

/** Values as they are stored with their environment; null for none, so that nobody needs a key for nothing. */
export function sealSettings(
  box: SecretBox,
  environment: Place,
  part: SettingsPart,
  values: SettingValues,
): string | null {
  if (Object.values(values).every((named) => Object.keys(named).length === 0)) return null;
  return box.seal(JSON.stringify(values), placeOf(environment, part));
}

/**
 * Values that were stored; none where there are none.
 *
 * @throws SecretUnreadable where they cannot be read any more
 */
export function openSettings(
  box: SecretBox,
  environment: Place,
  part: SettingsPart,
  row: EnvironmentSettingsRow | undefined,
): SettingValues {
  const sealed = row?.[part] ?? null;
  // What was sealed here is what was checked before: nobody else has the key.
  return sealed === null ? NOTHING_SET : JSON.parse(box.open(sealed, placeOf(environment, part)));
}

/** The same, and none where they cannot be read any more. */
export function findSettings(
  box: SecretBox,
  environment: Place,
  part: SettingsPart,
  row: EnvironmentSettingsRow | undefined,
): SettingValues {
  try {
    return openSettings(box, environment, part, row);
  } catch (error) {
    if (error instanceof SecretUnreadable) return NOTHING_SET;
    throw error;
  }
}
