import type { Command } from 'commander';
import type { Cli } from '../cli/cli.ts';
import { CommandFailure } from '../cli/exit-codes.ts';
import { formatFields, print } from '../cli/output.ts';
import type { Configuration } from './configuration.ts';
import { runUntilStopped } from './run-until-stopped.ts';
import { addServeOptions, readServeOptions, type ServeOptions } from './serve-options.ts';
import { startWorkerOrExplain } from './start-or-explain.ts';

/** `slipway worker`: builds what servers on the same database accept. Nobody has to reach it. */
export function addWorkerCommand(program: Command, cli: Cli): void {
  const command = program
    .command('worker')
    .description('build what the servers on a shared database accept; it needs --database and --blobs');
  addServeOptions(command).action(async (options: ServeOptions) => {
    const configuration = await readServeOptions(cli, options);
    checkIsShared(configuration);
    const worker = await startWorkerOrExplain(configuration);
    const { dataFolder, buildSlots } = configuration;
    print(cli, options, { DataFolder: dataFolder, BuildSlots: buildSlots }, () =>
      ['Slipway builds.', '', formatFields({ Data: dataFolder, 'Builds at once': String(buildSlots) })].join('\n'),
    );
    await runUntilStopped(cli, configuration, worker);
  });
}

function checkIsShared({ databaseUrl, buildSlots }: Configuration): void {
  if (databaseUrl === undefined) {
    const message =
      'A worker builds what servers accept, and has no database of its own: give it theirs with --database (or SLIPWAY_DATABASE).';
    throw new CommandFailure('usage', 'DATABASE_NEEDED', message);
  }
  if (buildSlots === 0) {
    throw new CommandFailure(
      'usage',
      'BUILD_SLOTS_NEEDED',
      'A worker with --build-slots 0 would never build anything.',
    );
  }
}
