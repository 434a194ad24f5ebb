import type { Command } from 'commander';
import type { Cli } from '../cli/cli.ts';
import { formatFields, print } from '../cli/output.ts';
import { checkWorker } from './check-sharing.ts';
import { runUntilStopped } from './run-until-stopped.ts';
import { addServeOptions, readServeOptions, type ServeOptions } from './serve-options.ts';
import { startWorkerOrExplain } from './start-or-explain.ts';

/** `slipway worker`: builds what servers on the same database accept. Nobody has to reach it; with `--metrics-port` one can. */
export function addWorkerCommand(program: Command, cli: Cli): void {
  const command = program
    .command('worker')
    .description('build what the servers on a shared database accept; it needs --database and --blobs');
  addServeOptions(command).action(async (options: ServeOptions) => {
    const configuration = await readServeOptions(cli, options);
    checkWorker(configuration);
    const worker = await startWorkerOrExplain(configuration);
    const { dataFolder, buildSlots } = configuration;
    const { metricsUrl } = worker;
    const facts = { DataFolder: dataFolder, BuildSlots: buildSlots, MetricsUrl: metricsUrl ?? null };
    const fields = {
      Data: dataFolder,
      'Builds at once': String(buildSlots),
      Metrics: metricsUrl && `${metricsUrl}/metrics`,
    };
    print(cli, options, facts, () => ['Slipway builds.', '', formatFields(fields)].join('\n'));
    await runUntilStopped(cli, configuration, worker);
  });
}
