import { type Command, Option } from 'commander';
import type { Cli } from '../cli/cli.ts';
import type { Configuration } from './configuration.ts';
import { loadConfiguration } from './load-configuration.ts';
import { getSetting, SETTING_NAMES, type SettingName } from './settings.ts';

/** What commander makes of the flags of `serve`, `demo` and `doctor`. */
export interface ServeOptions extends Readonly<Partial<Record<SettingName, string>>> {
  readonly config?: string;
  readonly json?: boolean;
}

/** Gives a command one flag per setting, from the table of settings. `--help` lists them after the command's own. */
export function addServeOptions(command: Command): Command {
  command
    .option('--json', 'print JSON for programs')
    .option('--config <file>', 'configuration file (or SLIPWAY_CONFIG)');
  for (const name of SETTING_NAMES) addSettingFlag(command, name);
  return command;
}

/** Gives a command the flag of a setting, if that has one. */
export function addSettingFlag(command: Command, name: SettingName): void {
  const { flag, summary, variables, fallback, fallbackInWords } = getSetting(name);
  if (flag === undefined) return;
  const origin = fallbackInWords ?? fallback;
  const notes = [`or ${variables.join(', ')}`, ...(origin === undefined ? [] : [`default: ${origin}`])];
  command.addOption(new Option(flag, `${summary.replaceAll('`', '')} (${notes.join('; ')})`).helpGroup('Settings:'));
}

/** @throws ConfigurationError */
export function readServeOptions(cli: Cli, options: ServeOptions): Promise<Configuration> {
  const { config: configFile, json: _json, ...flags } = options;
  return loadConfiguration({ flags, environment: cli.variables, configFile, folder: cli.folder });
}
