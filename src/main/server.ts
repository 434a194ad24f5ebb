import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { HTTP_DEFAULTS, type HttpSettings } from '../http/http-dependencies.ts';
import { buildHttpServer } from '../http/server.ts';
import { createFirstAdmin } from '../operations/create-first-admin.ts';
import { bindOperations } from './bind-operations.ts';
import type { Configuration } from './configuration.ts';
import { openCore } from './core.ts';
import { listeningUrl } from './listening-url.ts';
import { openProbeListener } from './probe-listener.ts';
import { writeSecretFile } from './secret-file.ts';
import { warnWithoutSandbox } from './warn-without-sandbox.ts';

export interface RunningServer {
  /** Where it listens: scheme, host and port. */
  readonly url: string;
  /** Where it tells how it is, apart from that; undefined for nowhere. */
  readonly metricsUrl: string | undefined;
  /** The key of the login `admin`, when this start created it. */
  readonly adminKey: string | undefined;
  /** Accepts nothing more, lets what runs finish for the configured while, gives the rest back. May be called twice. */
  stop(): Promise<void>;
}

/**
 * Starts a whole server on a data folder.
 *
 * @throws Error when the folder is in use or the address cannot be listened on
 */
export async function startServer(configuration: Configuration, logger: Logger): Promise<RunningServer> {
  warnWithoutSandbox(configuration, logger);
  const core = await openCore(configuration, (error, what) => logger.error({ err: error }, what));
  const listening = new AsyncDisposableStack();
  try {
    const http = buildHttpServer({
      ...core,
      operations: bindOperations(core),
      logger,
      settings: await readHttpSettings(configuration),
    });
    const { host, port, tls, metricsAddress } = configuration;
    await http.listen({ host, port });
    listening.defer(() => http.close());
    const { database, metrics } = core;
    const probes = await openProbeListener(metricsAddress, { database, renderMetrics: metrics.render, logger });
    listening.defer(probes.close);
    // Not before: a start that fails on its address would be the only one that has a key to show.
    const keyFile = join(configuration.dataFolder, 'admin.key');
    const adminKey = await createFirstAdmin({
      database,
      chosenKey: configuration.adminKey,
      keepKey: (key) => writeSecretFile(keyFile, `${key}\n`),
      dropKey: () => rm(keyFile, { force: true }),
      clock: core.clock,
    });
    core.startBuilding();
    core.startDuties();
    const url = listeningUrl(http.server.address(), host, tls === undefined ? 'http' : 'https');
    return { url, metricsUrl: probes.url, adminKey, stop: once(() => stop()) };

    async function stop() {
      const { shutdownGraceMs } = configuration;
      try {
        probes.stopBeingReady();
        core.deployments.endCalls();
        // At once: while a slow answer holds up the one, the other must not begin anything.
        await Promise.all([http.close(), core.stopBuilding(shutdownGraceMs)]);
      } finally {
        await probes.close();
        await core.stop(shutdownGraceMs);
      }
    }
  } catch (error) {
    await listening.disposeAsync();
    await core.stop(0);
    throw error;
  }
}

async function readHttpSettings(configuration: Configuration): Promise<HttpSettings> {
  const { publicUrl, linkTtlSeconds, downloads, uploadLimitBytes, trustProxy, tls } = configuration;
  return {
    ...HTTP_DEFAULTS,
    publicUrl,
    linkTtlSeconds,
    downloads,
    uploadLimitBytes,
    trustProxy,
    tls: tls && { cert: await readFile(tls.certFile), key: await readFile(tls.keyFile) },
  };
}

function once(work: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | undefined;
  return () => {
    done ??= work();
    return done;
  };
}
