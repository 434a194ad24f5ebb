import { describeConstantType, readConstantValue } from './constant-value.ts';
import { parseCustomSettingName } from './custom-setting-name.ts';
import { type DeclaredSettings, nextValue, type SettingValues } from './environment-settings.ts';
import { quote, Refusal } from './refusal.ts';
import type { NamedValue, SetSettingsRequest } from './set-settings-request.ts';

export interface ChangedSettings {
  readonly chosen: SettingValues;
  /** The names of those that differ from before. */
  readonly changed: readonly string[];
}

const MOST_BYTES = 256 * 1024;

/**
 * What is set after a request. A constant that is sent as it is already stays unset where it was, so that sending back
 * what was retrieved does not pin the defaults of this package.
 *
 * @param declared by the package that the environment holds
 * @throws Refusal CONSTANT_NOT_FOUND, CUSTOM_SETTING_NOT_SUPPORTED, SCHEDULED_EVENT_NOT_FOUND,
 *   INVALID_SCHEDULED_EVENT_PARAMETER, INVALID_PARAMETERS
 */
export function changeSettings(
  declared: DeclaredSettings,
  chosen: SettingValues,
  request: SetSettingsRequest,
): ChangedSettings {
  const constants = request.constants.map((given) => readConstant(declared, chosen, given));
  const customSettings = request.customSettings.map(readCustomSetting);
  const scheduledEvents = request.scheduledEvents.map((given) => readScheduledEvent(declared, given));
  const changes = [
    apply(chosen.constants, constants),
    apply(chosen.customSettings, customSettings),
    apply(chosen.scheduledEvents, scheduledEvents),
  ] as const;
  const next = { constants: changes[0].values, customSettings: changes[1].values, scheduledEvents: changes[2].values };
  if (Buffer.byteLength(JSON.stringify(next)) > MOST_BYTES) {
    const what = `The settings of an environment may have ${MOST_BYTES / 1024} KiB altogether`;
    throw new Refusal('INVALID_PARAMETERS', `${what}: set less, or shorter values.`);
  }
  return { chosen: next, changed: changes.flatMap(({ changed }) => changed) };
}

/** A value to be set; undefined to leave it unset, null to take it away. */
type Setting<T> = readonly [name: string, value: T | null | undefined];

function apply<T>(values: Readonly<Record<string, T>>, settings: readonly Setting<T>[]) {
  const next = new Map(Object.entries(values));
  const changed: string[] = [];
  for (const [name, value] of settings) {
    if (value === undefined || (value ?? undefined) === next.get(name)) continue;
    if (value === null) next.delete(name);
    else next.set(name, value);
    changed.push(name);
  }
  return { values: Object.fromEntries(next), changed };
}

function readConstant(declared: DeclaredSettings, chosen: SettingValues, { name, value }: NamedValue): Setting<string> {
  const constant = declared.constants.find((one) => one.name === name);
  if (constant === undefined) {
    const advice = 'the package that the environment holds does not have it.';
    throw new Refusal('CONSTANT_NOT_FOUND', `Constant not found: ${quote(name)}: ${advice}`);
  }
  if (value === null) return [name, null];
  if (value === nextValue(constant, chosen)) return [name, undefined];
  const read = readConstantValue(constant.type, value);
  if (read !== undefined) return [name, read];
  const accepts = describeConstantType(constant.type);
  throw new Refusal(
    'INVALID_PARAMETERS',
    `The constant ${quote(name)} is of type ${constant.type} and was given ${quote(value)}: give ${accepts}.`,
  );
}

function readCustomSetting({ name, value }: NamedValue): Setting<string> {
  return [value === null ? name : parseCustomSettingName(name), value];
}

function readScheduledEvent(declared: DeclaredSettings, { name, value }: NamedValue): Setting<boolean> {
  if (!declared.scheduledEvents.includes(name)) {
    const advice = 'the package that the environment holds does not have it.';
    throw new Refusal('SCHEDULED_EVENT_NOT_FOUND', `Scheduled Event not found: ${quote(name)}: ${advice}`);
  }
  if (value === null) return [name, null];
  const isEnabled = /^(?:enabled|true)$/i.test(value.trim());
  if (!isEnabled && !/^(?:disabled|false)$/i.test(value.trim())) {
    throw new Refusal(
      'INVALID_SCHEDULED_EVENT_PARAMETER',
      `Scheduled Event parameter should be Enabled or Disabled: ${quote(name)} was given ${quote(value)}.`,
    );
  }
  return [name, isEnabled];
}
