import type { Command } from 'commander';
import type { SetSettings, WireSettings } from '../protocol/environments.ts';
import type { Cli } from './cli.ts';
import { CommandFailure } from './exit-codes.ts';
import { formatTable, print } from './output.ts';
import { collect, readNamedValues } from './read-named-values.ts';
import { openClient, type RemoteOptions, remoteCommand } from './remote-command.ts';

interface SetOptions extends RemoteOptions {
  readonly constant?: readonly string[];
  readonly scheduledEvent?: readonly string[];
  readonly custom?: readonly string[];
  readonly unset?: readonly string[];
}

/** `slipway environment settings|set` */
export function addEnvironmentSettingsCommands(environment: Command, cli: Cli): void {
  remoteCommand(
    environment,
    'settings <app> <mode>',
    'show constants, scheduled events and custom settings of an environment',
  ).action(async (app: string, mode: string, options: RemoteOptions) =>
    show(cli, options, await (await openClient(cli, options)).getSettings(app, mode)),
  );
  remoteCommand(environment, 'set <app> <mode>', 'set what the next start of an environment runs with')
    .option(
      '--constant <name=value>',
      'a constant; a value @<file> is what that file holds, @- standard input',
      collect,
    )
    .option('--scheduled-event <name=value>', 'a scheduled event: true or false', collect)
    .option('--custom <name=value>', 'a setting of the runtime; its value as that of a constant', collect)
    .option('--unset <name>', 'take away what was set for any of them', collect)
    .action((app: string, mode: string, options: SetOptions) => setSettings(cli, app, mode, options));
}

async function setSettings(cli: Cli, app: string, mode: string, options: SetOptions): Promise<void> {
  const { constant = [], scheduledEvent = [], custom = [], unset = [] } = options;
  if ([constant, scheduledEvent, custom, unset].every((given) => given.length === 0)) {
    const advice = 'give --constant, --scheduled-event, --custom or --unset.';
    throw new CommandFailure('usage', 'MISSING', `There is nothing to set: ${advice}`);
  }
  const constants = await readNamedValues(cli, '--constant Main.Address=https://example.com', constant);
  const events = await readNamedValues(cli, '--scheduled-event Main.Nightly=true', scheduledEvent);
  const customs = await readNamedValues(cli, '--custom SessionTimeout=600000', custom);
  const client = await openClient(cli, options);
  const nulls = unset.length === 0 ? NOTHING : unsetting(await client.getSettings(app, mode), unset);
  const request = {
    Constants: [...constants.map(toSetting), ...nulls.Constants],
    ScheduledEvents: [...events.map(toSetting), ...nulls.ScheduledEvents],
    CustomSettings: [...customs.map(toSetting), ...nulls.CustomSettings],
  };
  const settings = await client.setSettings(app, mode, request);
  // No values: those of a pipeline's run would stand in its log.
  const set = [...constants, ...events, ...customs].map(([name]) => name);
  print(cli, options, settings, () =>
    [
      ...(set.length === 0 ? [] : [`Set for the next start of ${mode} of ${app}: ${set.join(', ')}.`]),
      ...(unset.length === 0 ? [] : [`Taken back for the next start of ${mode} of ${app}: ${unset.join(', ')}.`]),
    ].join('\n'),
  );
}

const NOTHING: Required<SetSettings> = { Constants: [], ScheduledEvents: [], CustomSettings: [] };

const toSetting = ([Name, Value]: readonly [string, string]) => ({ Name, Value });

/** @throws CommandFailure for a name that nothing has */
function unsetting(settings: WireSettings, names: readonly string[]): Required<SetSettings> {
  const known = [...settings.Constants, ...settings.ScheduledEvents, ...settings.CustomSettings];
  const unknown = names.find((name) => !known.some(({ Name }) => Name === name));
  if (unknown !== undefined) {
    throw new CommandFailure(
      'usage',
      'INVALID_OPTION',
      `--unset ${unknown}: the environment has no setting of this name.`,
    );
  }
  const pick = (list: readonly { readonly Name: string }[]) =>
    list.filter(({ Name }) => names.includes(Name)).map(({ Name }) => ({ Name, Value: null }));
  return {
    Constants: pick(settings.Constants),
    ScheduledEvents: pick(settings.ScheduledEvents),
    CustomSettings: pick(settings.CustomSettings),
  };
}

function show(cli: Cli, options: RemoteOptions, settings: WireSettings): void {
  print(cli, options, settings, () => {
    const rows = [
      ...settings.Constants.map((one) => rowOf(`constant (${one.DataType.replace(/^_/, '')})`, one)),
      ...settings.ScheduledEvents.map((one) => rowOf('scheduled event', one)),
      ...settings.CustomSettings.map((one) => rowOf('custom setting', one)),
    ];
    const empty = 'Nothing is set, and the package that it holds declares nothing.';
    return formatTable(['name', 'kind', 'next start', 'last start'], rows, empty);
  });
}

function rowOf(
  kind: string,
  { Name, Value, DeployedValue }: { Name: string; Value: string | null; DeployedValue: string | null },
): readonly string[] {
  return [Name, kind, Value ?? '–', DeployedValue ?? '–'];
}
