import type { Logger } from 'pino';
import type { Configuration } from './configuration.ts';
import { openCore } from './core.ts';

export interface RunningWorker {
  /** Claims nothing more, lets what runs finish for the configured while, gives the rest back. May be called twice. */
  stop(): Promise<void>;
}

/**
 * Starts a worker: it claims builds of a shared database and runs them, and nobody calls it.
 *
 * @throws Error when the data folder is in use, or the database or the blob store cannot be
 */
export async function startWorker(configuration: Configuration, logger: Logger): Promise<RunningWorker> {
  const core = await openCore(configuration, (error, what) => logger.error({ err: error }, what));
  core.startBuilding();
  let stopping: Promise<void> | undefined;
  return {
    stop() {
      stopping ??= core.stop(configuration.shutdownGraceMs);
      return stopping;
    },
  };
}
