import { quote, Refusal } from './refusal.ts';

const NAME = /^[A-Za-z][\w.-]{0,199}$/;

const BY_PLATFORM = 'it is for whatever runs the environment to set';
const BY_CONSTANTS = 'set the constants themselves';
const BY_EVENTS = 'set the scheduled events themselves';

/** Settings of the runtime that are made of others, or belong to whatever runs it, with what to do instead. */
const OWNED: ReadonlyMap<string, string> = new Map(
  [
    ['MicroflowConstants', BY_CONSTANTS],
    ['ScheduledEventExecution', BY_EVENTS],
    ['MyScheduledEvents', BY_EVENTS],
    ['BasePath', BY_PLATFORM],
    ['RuntimePath', BY_PLATFORM],
    ['DTAPMode', BY_PLATFORM],
    ['DatabaseType', BY_PLATFORM],
    ['DatabaseHost', BY_PLATFORM],
    ['DatabaseName', BY_PLATFORM],
    ['DatabaseJdbcUrl', BY_PLATFORM],
    ['DatabaseUserName', BY_PLATFORM],
    ['DatabasePassword', BY_PLATFORM],
    ['com.mendix.core.isClusterSlave', BY_PLATFORM],
  ].map(([name = '', advice = '']) => [name.toLowerCase(), advice]),
);
/** Begins the settings of the license of the runtime. */
const LICENSE = 'license.';

/** Reads the name of a custom setting of the runtime. @throws Refusal CUSTOM_SETTING_NOT_SUPPORTED */
export function parseCustomSettingName(given: string): string {
  const name = given.trim();
  if (!NAME.test(name)) throw refusal(name, 'use letters, digits, dots, hyphens and underscores, a letter first');
  const key = name.toLowerCase();
  const advice = OWNED.get(key) ?? (key.startsWith(LICENSE) ? BY_PLATFORM : undefined);
  if (advice !== undefined) throw refusal(name, advice);
  return name;
}

function refusal(name: string, advice: string): Refusal {
  return new Refusal('CUSTOM_SETTING_NOT_SUPPORTED', `Custom setting not supported: ${quote(name)}: ${advice}.`);
}
