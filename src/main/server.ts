import { readFile, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { HTTP_DEFAULTS, type HttpSettings } from '../http/http-dependencies.ts';
import { buildHttpServer } from '../http/server.ts';
import { createFirstAdmin } from '../operations/create-first-admin.ts';
import { bindOperations } from './bind-operations.ts';
import type { Configuration } from './configuration.ts';
import { openCore } from './core.ts';
import { writeSecretFile } from './secret-file.ts';

export interface RunningServer {
  /** Where it listens: scheme, host and port. */
  readonly url: string;
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
  if (configuration.sandbox === 'none') {
    logger.warn("SLIPWAY_SANDBOX is 'none': commands of slipway.yml may read and write everything that Slipway may.");
  }
  const core = await openCore(configuration, (error, what) => logger.error({ err: error }, what));
  try {
    const http = buildHttpServer({
      ...core,
      operations: bindOperations(core),
      logger,
      settings: await readHttpSettings(configuration),
    });
    await http.listen({ host: configuration.host, port: configuration.port });
    // Not before: a start that fails on its address would be the only one that has a key to show.
    const keyFile = join(configuration.dataFolder, 'admin.key');
    const adminKey = await createFirstAdmin({
      database: core.database,
      chosenKey: configuration.adminKey,
      keepKey: (key) => writeSecretFile(keyFile, `${key}\n`),
      dropKey: () => rm(keyFile, { force: true }),
      clock: core.clock,
    });
    core.startBuilding();
    core.startDuties();
    return { url: addressOf(http.server.address(), configuration), adminKey, stop: once(() => stop()) };

    async function stop() {
      const { shutdownGraceMs } = configuration;
      try {
        core.deployments.endCalls();
        // At once: while a slow answer holds up the one, the other must not begin anything.
        await Promise.all([http.close(), core.stopBuilding(shutdownGraceMs)]);
      } finally {
        await core.stop(shutdownGraceMs);
      }
    }
  } catch (error) {
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

function addressOf(address: AddressInfo | string | null, { tls, host }: Configuration): string {
  const port = address !== null && typeof address === 'object' ? address.port : 0;
  return `${tls === undefined ? 'http' : 'https'}://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

function once(work: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | undefined;
  return () => {
    done ??= work();
    return done;
  };
}
