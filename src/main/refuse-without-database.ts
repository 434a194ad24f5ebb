import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { CommandFailure } from '../cli/exit-codes.ts';

/** For commands that work on a data folder and must not make one. @throws CommandFailure */
export async function refuseWithoutDatabase(dataFolder: string): Promise<void> {
  const isThere = await access(join(dataFolder, 'slipway.db')).then(
    () => true,
    () => false,
  );
  if (isThere) return;
  const message = `There is no database in ${dataFolder}: name the server's data folder with --data (or SLIPWAY_DATA).`;
  throw new CommandFailure('usage', 'NO_DATABASE', message);
}
