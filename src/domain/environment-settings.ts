import { readConstantValue } from './constant-value.ts';

/** What a package can be set up with. */
export interface DeclaredSettings {
  readonly constants: readonly DeclaredConstant[];
  /** Their names, as `Module.Event`. */
  readonly scheduledEvents: readonly string[];
}

export interface DeclaredConstant {
  /** As `Module.Constant`. */
  readonly name: string;
  readonly type: string;
  /** undefined where the package has none. */
  readonly defaultValue?: string | undefined;
}

/** What was set, or what a start runs with: values by name. */
export interface SettingValues {
  readonly constants: Readonly<Record<string, string>>;
  readonly customSettings: Readonly<Record<string, string>>;
  /** Whether each runs. */
  readonly scheduledEvents: Readonly<Record<string, boolean>>;
  /** Of what a start runs with: the names of those that are as they are because nobody has set them. */
  readonly unset?: readonly string[];
}

export const NOTHING_DECLARED: DeclaredSettings = { constants: [], scheduledEvents: [] };
export const NOTHING_SET: SettingValues = { constants: {}, customSettings: {}, scheduledEvents: {} };

/** Which settings of an environment: what was set; what the start under way, or the last one, runs with. */
export const SETTINGS_PARTS = ['chosen', 'starting', 'deployed'] as const;
export type SettingsPart = (typeof SETTINGS_PARTS)[number];

/** A value by its name, whatever that is. */
export function valueNamed<T>(values: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(values, name) ? values[name] : undefined;
}

/**
 * The value that the next start gives to a constant: the one that was set, else the default of its package.
 *
 * @returns undefined where there is neither. An empty default is a value of a text alone
 */
export function nextValue(constant: DeclaredConstant, chosen: SettingValues): string | undefined {
  const { name, type, defaultValue } = constant;
  const set = valueNamed(chosen.constants, name);
  if (set !== undefined) return set;
  return defaultValue === '' && readConstantValue(type, '') === undefined ? undefined : defaultValue;
}

/**
 * What a start runs with: every constant and scheduled event of its package. Events that nobody enabled do not run.
 *
 * @returns `missing`: the constants that have no value, or one that their type does not take any more
 */
export function settingsOfStart(
  declared: DeclaredSettings,
  chosen: SettingValues,
): { readonly values: SettingValues; readonly missing: readonly DeclaredConstant[] } {
  const next = declared.constants.map((constant) => ({ constant, value: nextValue(constant, chosen) }));
  const isMissing = ({ constant, value }: (typeof next)[number]) =>
    value === undefined ||
    (Object.hasOwn(chosen.constants, constant.name) && readConstantValue(constant.type, value) === undefined);
  return {
    values: {
      constants: Object.fromEntries(next.map(({ constant, value }) => [constant.name, value ?? ''])),
      customSettings: chosen.customSettings,
      scheduledEvents: Object.fromEntries(
        declared.scheduledEvents.map((name) => [name, valueNamed(chosen.scheduledEvents, name) ?? false]),
      ),
      unset: [
        ...declared.constants.map(({ name }) => name).filter((name) => !Object.hasOwn(chosen.constants, name)),
        ...declared.scheduledEvents.filter((name) => !Object.hasOwn(chosen.scheduledEvents, name)),
      ],
    },
    missing: next.filter(isMissing).map(({ constant }) => constant),
  };
}

/** Of what a start runs with, what was set: the rest is for the package, or for whatever runs it, to say. */
export function onlySet({ constants, customSettings, scheduledEvents, unset = [] }: SettingValues): SettingValues {
  const names = new Set(unset);
  const pick = <T>(values: Readonly<Record<string, T>>): Record<string, T> =>
    Object.fromEntries(Object.entries(values).filter(([name]) => !names.has(name)));
  return { constants: pick(constants), customSettings, scheduledEvents: pick(scheduledEvents) };
}
