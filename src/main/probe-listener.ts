import type { Logger } from 'pino';
import type { ProbeDependencies } from '../http/probe-routes.ts';
import { buildProbeServer } from '../http/probe-server.ts';
import type { ListenAddress } from './configuration.ts';
import { listeningUrl } from './listening-url.ts';

/** Tells how a process is, until the very end of it. */
export interface ProbeListener {
  /** Scheme, host and port; undefined where it listens nowhere. */
  readonly url: string | undefined;
  /** Says from now on that the process is not ready, and goes on telling what it measures. */
  stopBeingReady(): void;
  /** To be called before the database is closed. */
  close(): Promise<void>;
}

/**
 * Listens where it was asked to, if it was.
 *
 * @throws Error when the address cannot be listened on
 */
export async function openProbeListener(
  address: ListenAddress | undefined,
  deps: ProbeDependencies & { readonly logger: Logger },
): Promise<ProbeListener> {
  if (address === undefined) return { url: undefined, stopBeingReady() {}, close: async () => {} };
  const stopping = new AbortController();
  const app = buildProbeServer(deps, stopping.signal);
  await app.listen(address);
  return {
    url: listeningUrl(app.server.address(), address.host, 'http'),
    stopBeingReady: () => stopping.abort(),
    close: () => app.close(),
  };
}
