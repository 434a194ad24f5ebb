import { pino } from 'pino';
import { closeInherited } from './close-inherited.ts';
import type { Configuration } from './configuration.ts';
import type { RunningServer } from './server.ts';

/**
 * Starts the server, which is loaded only now: commands that do not need it start sooner.
 *
 * @throws CommandFailure that says what to do, where the folder or the address cannot be used
 */
export async function startOrExplain(configuration: Configuration): Promise<RunningServer> {
  closeInherited();
  const { startServer } = await import('./server.ts');
  const logger = pino({ level: configuration.logLevel }, pino.destination(2));
  try {
    return await startServer(configuration, logger);
  } catch (error) {
    const { explainStart } = await import('./explain-start.ts');
    throw explainStart(error, configuration);
  }
}
