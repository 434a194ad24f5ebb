import { join } from 'node:path';
import type { Command } from 'commander';
import type { Cli } from '../cli/cli.ts';
import { formatFields, print } from '../cli/output.ts';
import { checkSharing } from './check-sharing.ts';
import type { Configuration } from './configuration.ts';
import { runUntilStopped } from './run-until-stopped.ts';
import { addServeOptions, readServeOptions, type ServeOptions } from './serve-options.ts';
import type { RunningServer } from './server.ts';
import { startServerOrExplain } from './start-or-explain.ts';

/** `slipway serve`: a server for real use. Nothing is seeded but the login `admin`, once. */
export function addServeCommand(program: Command, cli: Cli): void {
  addServeOptions(program.command('serve').description('run the server')).action(async (options: ServeOptions) => {
    const configuration = await readServeOptions(cli, options);
    checkSharing(configuration);
    const server = await startServerOrExplain(configuration);
    announce(cli, options, configuration, server);
    await runUntilStopped(cli, configuration, server);
  });
}

function announce(cli: Cli, options: ServeOptions, configuration: Configuration, server: RunningServer): void {
  const { dataFolder, publicUrl } = configuration;
  const keyFile = join(dataFolder, 'admin.key');
  const facts = {
    Url: server.url,
    MetricsUrl: server.metricsUrl ?? null,
    DataFolder: dataFolder,
    AdminKeyFile: keyFile,
    AdminKey: server.adminKey ?? null,
  };
  print(cli, options, facts, () =>
    [
      `Slipway serves ${server.url}`,
      '',
      formatFields({
        Data: dataFolder,
        'Public address': publicUrl,
        'API description': `${server.url}/docs`,
        Metrics: server.metricsUrl && `${server.metricsUrl}/metrics`,
        ...(server.adminKey === undefined
          ? {}
          : { Login: 'admin', 'API key': `${server.adminKey} (shown this once, kept in ${keyFile})` }),
      }),
      ...(server.adminKey === undefined ? [] : ['', firstSteps(server.url, keyFile)]),
    ].join('\n'),
  );
}

function firstSteps(url: string, keyFile: string): string {
  return [
    'Next, in another terminal:',
    `  slipway login ${url} --username admin < ${keyFile}`,
    '  slipway app create <app> --repository <url or path>',
  ].join('\n');
}
