import { join } from 'node:path';
import type { Command } from 'commander';
import type { Cli } from '../cli/cli.ts';
import { print } from '../cli/output.ts';
import type { Configuration } from './configuration.ts';
import { refuseWithoutDatabase } from './refuse-without-database.ts';
import { addServeOptions, readServeOptions, type ServeOptions } from './serve-options.ts';

/** `slipway admin-key`: the way back in when nobody knows the key of an admin any more. */
export function addAdminKeyCommand(program: Command, cli: Cli): void {
  const command = program
    .command('admin-key')
    .description("make a new API key for 'admin' in the data folder of a server that is stopped, and print it, once");
  addServeOptions(command).action(async (options: ServeOptions) => {
    const configuration = await readServeOptions(cli, options);
    const key = await makeKeyOrExplain(configuration, cli.now);
    print(cli, options, { Login: 'admin', ApiKey: key }, () => key);
  });
}

/** What opens a database is loaded only now: other commands start sooner. */
async function makeKeyOrExplain(configuration: Configuration, clock: () => number): Promise<string> {
  await refuseWithoutDatabase(configuration.dataFolder);
  try {
    return await makeKey(configuration.dataFolder, clock);
  } catch (error) {
    const { explainStart } = await import('./explain-start.ts');
    throw explainStart(error, configuration);
  }
}

/** @throws DataFolderInUse while a server runs: it may be of another version than this command */
async function makeKey(dataFolder: string, clock: () => number): Promise<string> {
  const { lockDataFolder } = await import('../database/sqlite/data-folder-lock.ts');
  const { openSqliteDatabase } = await import('../database/sqlite/sqlite-database.ts');
  const { recoverAdmin } = await import('../operations/recover-admin.ts');
  const unlock = lockDataFolder(join(dataFolder, 'lock'));
  try {
    const database = await openSqliteDatabase(join(dataFolder, 'slipway.db'));
    try {
      return await recoverAdmin({ database, clock });
    } finally {
      await database.close();
    }
  } finally {
    unlock();
  }
}
