import { pino } from 'pino';
import { CommandFailure } from '../cli/exit-codes.ts';
import { DataFolderInUse } from '../database/data-folder-lock.ts';
import type { Configuration } from './configuration.ts';
import type { RunningServer } from './server.ts';

/**
 * Starts the server, which is loaded only now: commands that do not need it start sooner.
 *
 * @throws CommandFailure that says what to do, where the address cannot be listened on or the folder is in use
 */
export async function startOrExplain(configuration: Configuration): Promise<RunningServer> {
  const { startServer } = await import('./server.ts');
  const logger = pino({ level: configuration.logLevel }, pino.destination(2));
  try {
    return await startServer(configuration, logger);
  } catch (error) {
    throw explain(error, configuration);
  }
}

const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'is in use by another program',
  EACCES: 'may not be listened on by this user',
  EADDRNOTAVAIL: 'is not an address of this machine',
  ENOTFOUND: 'is not known by name',
};

function explain(error: unknown, { host, port }: Configuration): unknown {
  if (error instanceof DataFolderInUse) return new CommandFailure('usage', 'DATA_FOLDER_IN_USE', error.message);
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const reason = error instanceof Error && 'syscall' in error && REASONS[code];
  if (!reason) return error;
  const advice = 'Choose another with --port <number> and --host <address> (or SLIPWAY_PORT and SLIPWAY_HOST).';
  return new CommandFailure('usage', code, `${host} port ${port} ${reason}. ${advice}`, { cause: error });
}
