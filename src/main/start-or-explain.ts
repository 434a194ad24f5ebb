import { type Logger, pino } from 'pino';
import { closeInherited } from './close-inherited.ts';
import type { Configuration } from './configuration.ts';
import type { RunningServer } from './server.ts';
import type { RunningWorker } from './start-worker.ts';

/** @throws CommandFailure that says what to do, where the folder, the database or the address cannot be used */
export function startServerOrExplain(configuration: Configuration): Promise<RunningServer> {
  return startOrExplain(configuration, async (logger) => {
    const { startServer } = await import('./server.ts');
    return await startServer(configuration, logger);
  });
}

/** @throws CommandFailure as above */
export function startWorkerOrExplain(configuration: Configuration): Promise<RunningWorker> {
  return startOrExplain(configuration, async (logger) => {
    const { startWorker } = await import('./start-worker.ts');
    return await startWorker(configuration, logger);
  });
}

/** What is started is loaded only now: commands that do not need it start sooner. */
async function startOrExplain<T>(configuration: Configuration, start: (logger: Logger) => Promise<T>): Promise<T> {
  closeInherited();
  const logger = pino({ level: configuration.logLevel }, pino.destination(2));
  try {
    return await start(logger);
  } catch (error) {
    const { explainStart } = await import('./explain-start.ts');
    throw explainStart(error, configuration);
  }
}
