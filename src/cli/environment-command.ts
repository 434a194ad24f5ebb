import type { Command } from 'commander';
import type { Cli } from './cli.ts';
import { formatTable, print } from './output.ts';
import { openClient, type RemoteOptions, remoteCommand } from './remote-command.ts';

interface CreateOptions extends RemoteOptions {
  readonly production?: boolean;
  readonly appUrl?: string;
}

/** `slipway environment create|list|delete` */
export function addEnvironmentCommand(program: Command, cli: Cli): void {
  const environment = program
    .command('environment')
    .description('create, list and delete the environments that packages of an app are transported to');
  remoteCommand(environment, 'create <app> <mode>', 'create an environment: Test, Acceptance, or any other mode')
    .option('--production', 'mark it as production')
    .option('--app-url <address>', 'where the app is found that runs there')
    .action((app: string, mode: string, options: CreateOptions) => createEnvironment(cli, app, mode, options));
  remoteCommand(environment, 'list <app>', 'list the environments of an app, and what they hold').action(
    (app: string, options: RemoteOptions) => listEnvironments(cli, app, options),
  );
  remoteCommand(
    environment,
    'delete <app> <mode>',
    'delete an environment that does not run; its package stays',
  ).action(async (app: string, mode: string, options: RemoteOptions) => {
    const answer = await (await openClient(cli, options)).deleteEnvironment(app, mode);
    print(cli, options, answer, () => `Deleted the environment ${mode} of ${app}.`);
  });
}

async function createEnvironment(cli: Cli, app: string, mode: string, options: CreateOptions): Promise<void> {
  const created = await (await openClient(cli, options)).createEnvironment(app, {
    Mode: mode,
    Production: options.production === true,
    ...(options.appUrl !== undefined && { Url: options.appUrl }),
  });
  print(cli, options, created, () => `Created the environment ${created.Mode} of ${app}.`);
}

async function listEnvironments(cli: Cli, app: string, options: RemoteOptions): Promise<void> {
  const environments = await (await openClient(cli, options)).listEnvironments(app);
  print(cli, options, environments, () =>
    formatTable(
      ['mode', 'status', 'version', 'package', 'url'],
      environments.map((one) => [
        one.Production ? `${one.Mode} (production)` : one.Mode,
        one.Status,
        one.ModelVersion,
        one.PackageId ?? '',
        one.Url,
      ]),
      `The app ${app} has no environments. Create one with 'slipway environment create ${app} <mode>'.`,
    ),
  );
}
