import type { Logger } from 'pino';
import type { Configuration } from './configuration.ts';
import { openCore } from './core.ts';
import { openProbeListener } from './probe-listener.ts';
import { warnWithoutSandbox } from './warn-without-sandbox.ts';

export interface RunningWorker {
  /** Where it tells how it is; undefined for nowhere. */
  readonly metricsUrl: string | undefined;
  /** Claims nothing more, lets what runs finish for the configured while, gives the rest back. May be called twice. */
  stop(): Promise<void>;
}

/**
 * Starts a worker: it claims builds of a shared database and runs them. Nobody has to call it; who wants to know how it is may.
 *
 * @throws Error when the data folder is in use, the database or the blob store cannot be, or an address cannot be listened on
 */
export async function startWorker(configuration: Configuration, logger: Logger): Promise<RunningWorker> {
  warnWithoutSandbox(configuration, logger);
  const core = await openCore(configuration, (error, what) => logger.error({ err: error }, what));
  const { database, metrics, isClaiming } = core;
  const probes = await openProbeListener(configuration.metricsAddress, {
    database,
    renderMetrics: metrics.renderOwn,
    isClaiming,
    logger,
  }).catch(async (error: unknown) => {
    await core.stop(0);
    throw error;
  });
  core.startBuilding();
  let stopping: Promise<void> | undefined;
  return {
    metricsUrl: probes.url,
    stop() {
      stopping ??= stop();
      return stopping;
    },
  };

  async function stop() {
    const { shutdownGraceMs } = configuration;
    probes.stopBeingReady();
    try {
      await core.stopBuilding(shutdownGraceMs);
    } finally {
      // What ended meanwhile was measured, too.
      await probes.close();
      await core.stop(shutdownGraceMs);
    }
  }
}
