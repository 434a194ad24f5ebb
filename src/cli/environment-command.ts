import { type Command, Option } from 'commander';
import { TARGET_KINDS, type TargetKind } from '../protocol/environments.ts';
import type { Cli } from './cli.ts';
import { addEnvironmentSettingsCommands } from './environment-settings-commands.ts';
import { formatTable, print } from './output.ts';
import { collect, readNamedValues } from './read-named-values.ts';
import { openClient, type RemoteOptions, remoteCommand } from './remote-command.ts';

interface UpdateOptions extends RemoteOptions {
  readonly production?: boolean;
  readonly appUrl?: string;
  readonly option?: readonly string[];
}

interface DeleteOptions extends RemoteOptions {
  readonly force?: boolean;
}

interface CreateOptions extends UpdateOptions {
  readonly target?: TargetKind;
}

const OPTION_HELP =
  'something that the target needs to know; a value @<file> is what that file holds, and @- what standard input does';

/** `slipway environment create|update|list|delete|settings|set` */
export function addEnvironmentCommand(program: Command, cli: Cli): void {
  const environment = program
    .command('environment')
    .description('create, change, list and delete the environments that packages of an app are transported to');
  remoteCommand(environment, 'create <app> <mode>', 'create an environment: Test, Acceptance, or any other mode')
    .option('--production', 'mark it as production')
    .option('--app-url <address>', 'where the app is found that runs there')
    .addOption(new Option('--target <kind>', 'what deploys to it').choices(TARGET_KINDS).default('record'))
    .option('--option <name=value>', OPTION_HELP, collect)
    .action((app: string, mode: string, options: CreateOptions) => createEnvironment(cli, app, mode, options));
  remoteCommand(environment, 'update <app> <mode>', 'change an environment; what is not given stays as it is')
    .option('--production', 'mark it as production')
    .option('--no-production', 'mark it as none')
    .option('--app-url <address>', 'where the app is found that runs there')
    .option('--option <name=value>', OPTION_HELP, collect)
    .action((app: string, mode: string, options: UpdateOptions) => updateEnvironment(cli, app, mode, options));
  remoteCommand(environment, 'list <app>', 'list the environments of an app, and what they hold').action(
    (app: string, options: RemoteOptions) => listEnvironments(cli, app, options),
  );
  remoteCommand(environment, 'delete <app> <mode>', 'delete an environment that does not run; its package stays')
    .option('--force', 'also where it runs, and where its target cannot forget it: what runs there may stay')
    .action(async (app: string, mode: string, options: DeleteOptions) => {
      const answer = await (await openClient(cli, options)).deleteEnvironment(app, mode, options.force === true);
      print(cli, options, answer, () => `Deleted the environment ${mode} of ${app}.`);
    });
  addEnvironmentSettingsCommands(environment, cli);
}

async function createEnvironment(cli: Cli, app: string, mode: string, options: CreateOptions): Promise<void> {
  const created = await (await openClient(cli, options)).createEnvironment(app, {
    Mode: mode,
    Production: options.production === true,
    Target: options.target ?? 'record',
    ...(options.appUrl !== undefined && { Url: options.appUrl }),
    ...(await readTargetOptions(cli, options)),
  });
  print(cli, options, created, () => `Created the environment ${created.Mode} of ${app}.`);
}

async function updateEnvironment(cli: Cli, app: string, mode: string, options: UpdateOptions): Promise<void> {
  const updated = await (await openClient(cli, options)).updateEnvironment(app, mode, {
    ...(options.production !== undefined && { Production: options.production }),
    ...(options.appUrl !== undefined && { Url: options.appUrl }),
    ...(await readTargetOptions(cli, options)),
  });
  print(cli, options, updated, () => `Changed the environment ${updated.Mode} of ${app}.`);
}

/** @throws CommandFailure for what is not `name=value`, or names a file that cannot be read */
async function readTargetOptions(
  cli: Cli,
  { option = [] }: UpdateOptions,
): Promise<{ readonly TargetOptions?: Readonly<Record<string, string>> }> {
  if (option.length === 0) return {};
  const values = await readNamedValues(cli, '--option folder=/srv/calc', option);
  return { TargetOptions: Object.fromEntries(values) };
}

async function listEnvironments(cli: Cli, app: string, options: RemoteOptions): Promise<void> {
  const environments = await (await openClient(cli, options)).listEnvironments(app);
  print(cli, options, environments, () =>
    formatTable(
      ['mode', 'status', 'version', 'package', 'target', 'url'],
      environments.map((one) => [
        one.Production ? `${one.Mode} (production)` : one.Mode,
        one.Status,
        one.ModelVersion,
        one.PackageId ?? '',
        one.Target,
        one.Url,
      ]),
      `The app ${app} has no environments. Create one with 'slipway environment create ${app} <mode>'.`,
    ),
  );
}
