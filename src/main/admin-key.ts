import type { Command } from 'commander';
import type { Cli } from '../cli/cli.ts';
import { print } from '../cli/output.ts';
import type { Configuration } from './configuration.ts';
import { addServeOptions, readServeOptions, type ServeOptions } from './serve-options.ts';

/** `slipway admin-key`: the way back in when nobody knows the key of an admin any more. */
export function addAdminKeyCommand(program: Command, cli: Cli): void {
  const command = program
    .command('admin-key')
    .description(
      "make a new API key for 'admin', and print it, once: in the data folder of a server that is stopped, or in a shared database",
    );
  addServeOptions(command).action(async (options: ServeOptions) => {
    const configuration = await readServeOptions(cli, options);
    const key = await makeKeyOrExplain(configuration, cli.now);
    print(cli, options, { Login: 'admin', ApiKey: key }, () => key);
  });
}

/** What opens a database is loaded only now: other commands start sooner. */
async function makeKeyOrExplain(configuration: Configuration, clock: () => number): Promise<string> {
  const { withDatabase } = await import('./with-database.ts');
  const { recoverAdmin } = await import('../operations/recover-admin.ts');
  try {
    return await withDatabase(configuration, { besideServers: true }, (database) => recoverAdmin({ database, clock }));
  } catch (error) {
    const { explainStart } = await import('./explain-start.ts');
    throw explainStart(error, configuration);
  }
}
