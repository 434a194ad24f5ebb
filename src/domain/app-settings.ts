import type { AppSettings } from '../protocol/manage.ts';
import { quote, Refusal } from './refusal.ts';
import { checkRetention } from './retention.ts';

/** What holds for an app that says nothing else. */
export const APP_DEFAULTS: AppSettings = {
  Builder: null,
  ProjectFile: null,
  Trunk: null,
  Branches: null,
  Tags: null,
  AllowForeignRevisions: false,
  Retention: null,
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

/**
 * Writes settings as a row holds them: a default that changes one day changes for every app that never set it.
 *
 * @throws Refusal INVALID_PARAMETERS for a folder that leads out of the address of its app, or a retention that is none
 */
export function formatAppSettings(settings: AppSettings): string {
  for (const name of ['Trunk', 'Branches', 'Tags'] as const) checkFolder(name, settings[name]);
  if (settings.Retention !== null) checkRetention(settings.Retention);
  const own = Object.entries(settings).filter(([name, value]) => value !== APP_DEFAULTS[name as keyof AppSettings]);
  return JSON.stringify(Object.fromEntries(own));
}

function checkFolder(name: string, folder: string | null): void {
  if (folder === null || !folder.split('/').includes('..')) return;
  const message = `${name} is ${quote(folder)}: give a folder below the address of the repository, without '..'.`;
  throw new Refusal('INVALID_PARAMETERS', message);
}
