import type { AppSettings } from '../protocol/manage.ts';

/** What holds for an app that says nothing else. */
export const APP_DEFAULTS: AppSettings = {
  Builder: null,
  ProjectFile: null,
  Trunk: null,
  Branches: null,
  Tags: null,
  AllowForeignRevisions: false,
};

/** The same settings, with the default in the place of what is not given. */
export function withDefaults(given: Partial<AppSettings>, others: AppSettings = APP_DEFAULTS): AppSettings {
  const known = Object.entries(given).filter(([, value]) => value !== undefined);
  return { ...others, ...Object.fromEntries(known) };
}

/** Reads what an app's row holds: the settings that differ from {@link APP_DEFAULTS}, as JSON. */
export function readAppSettings(text: string): AppSettings {
  return { ...APP_DEFAULTS, ...JSON.parse(text) };
}

/** Writes settings as a row holds them: a default that changes one day changes for every app that never set it. */
export function formatAppSettings(settings: AppSettings): string {
  const own = Object.entries(settings).filter(([name, value]) => value !== APP_DEFAULTS[name as keyof AppSettings]);
  return JSON.stringify(Object.fromEntries(own));
}
