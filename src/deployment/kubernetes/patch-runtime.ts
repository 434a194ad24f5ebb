import { isDeepStrictEqual } from 'node:util';
import { DeploymentFailure, type TargetSettings } from '../deployment-target.ts';
import type { DeployedNote } from './deployed-note.ts';
import type { MendixApp } from './mendix-app.ts';
import type { MergePatch } from './merge-patch.ts';

/**
 * What `spec.runtime` is to be like: settings that Slipway was told, without those that it has set before and was told to
 * forget. All others stay as they are.
 *
 * @throws DeploymentFailure where the custom settings that are there cannot be read
 */
export function patchRuntime(app: MendixApp, note: DeployedNote, settings: TargetSettings): MergePatch {
  return {
    ...patchConstants(note, settings),
    ...patchCustomConfiguration(app, note, settings),
    ...patchScheduledEvents(note, settings),
  };
}

function patchConstants(note: DeployedNote, settings: TargetSettings): MergePatch {
  const takenBack = (note.constants ?? []).map((name) => [name, null]);
  const constants = { ...Object.fromEntries(takenBack), ...settings.constants };
  return Object.keys(constants).length > 0 ? { microflowConstants: constants } : {};
}

/** All of them are one text: it stays as it was written unless something in it changes. */
function patchCustomConfiguration(
  { spec }: MendixApp,
  { customSettings: takenBack = [] }: DeployedNote,
  { customSettings }: TargetSettings,
): MergePatch {
  if (takenBack.length === 0 && Object.keys(customSettings).length === 0) return {};
  const former = parseObject(spec?.runtime?.customConfiguration ?? '');
  const kept = Object.entries(former).filter(([name]) => !takenBack.includes(name));
  const settings = { ...Object.fromEntries(kept), ...customSettings };
  return isDeepStrictEqual(settings, former) ? {} : { customConfiguration: JSON.stringify(settings, undefined, 2) };
}

function parseObject(text: string): Readonly<Record<string, unknown>> {
  if (text.trim() === '') return {};
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value };
  } catch {
    // That it is none is said below.
  }
  throw new DeploymentFailure('customConfiguration in its MendixApp is no JSON object: put that right first.');
}

/** The operator takes a list of those that run: once any is set, what is not on it does not run. */
function patchScheduledEvents(note: DeployedNote, { scheduledEvents }: TargetSettings): MergePatch {
  const set = Object.entries(scheduledEvents);
  const running = set.filter(([, runs]) => runs).map(([name]) => name);
  if (running.length > 0) return { scheduledEventExecution: 'SPECIFIED', myScheduledEvents: running.sort() };
  if (set.length > 0) return { scheduledEventExecution: 'NONE', myScheduledEvents: null };
  return note.scheduledEvents === true ? { scheduledEventExecution: null, myScheduledEvents: null } : {};
}
