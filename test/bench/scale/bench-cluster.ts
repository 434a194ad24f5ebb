import { randomBytes, randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { SERVER_URL } from '../../support/server-process.ts';
import { type SlipwayProcess, startSlipwayProcess } from '../../support/slipway-process.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { benchClient } from '../bench-client.ts';
import type { BenchServer } from '../bench-server.ts';
import type { Bench } from '../row.ts';
import type { SharedStores, Variables } from './shared-stores.ts';

/** Servers that build nothing, and workers with two build slots each. */
export interface BenchCluster {
  readonly servers: readonly [BenchServer, ...BenchServer[]];
  readonly workers: readonly SlipwayProcess[];
  readonly databaseUrl: string;
}

export interface BenchClusterOptions {
  readonly servers: number;
  readonly workers: number;
  /** An empty one, unless given. */
  readonly databaseUrl?: string;
}

export async function startBenchCluster(
  bench: Bench,
  stores: SharedStores,
  { servers, workers, databaseUrl: given }: BenchClusterOptions,
): Promise<BenchCluster> {
  const folder = await temporaryFolder(bench);
  const databaseUrl = given ?? (await stores.newDatabase());
  const admin = { username: 'admin', apiKey: randomUUID() };
  const variables: Variables = {
    ...stores.blobsAt(randomUUID()),
    SLIPWAY_DATABASE: databaseUrl,
    SLIPWAY_SECRET_KEY: randomBytes(32).toString('hex'),
    SLIPWAY_ADMIN_KEY: admin.apiKey,
    // Steps that wait cost a worker nothing this way, so that many of them can be looked at on few cores.
    SLIPWAY_SANDBOX: 'none',
  };
  const start = async (name: string, args: readonly string[], ready: RegExp) => {
    const dataFolder = join(folder, name);
    const process = await startSlipwayProcess([...args, '--data', dataFolder], variables, ready);
    bench.after(() => process.end('SIGKILL'));
    return { dataFolder, process };
  };
  const startServer = async (at: number): Promise<BenchServer> => {
    const serve = ['serve', '--port', '0', '--build-slots', '0'];
    const { dataFolder, process } = await start(`server-${at}`, serve, SERVER_URL);
    const { ready: url, pid, end } = process;
    return { url, pid, dataFolder, admin, end, client: benchClient(url, admin) };
  };
  const startWorker = (at: number) => start(`worker-${at}`, ['worker', '--build-slots', '2'], /Slipway builds/);
  // The first one makes the tables and the administrator.
  const first = await startServer(0);
  const others = await Promise.all(Array.from({ length: servers - 1 }, (_, at) => startServer(at + 1)));
  const started = await Promise.all(Array.from({ length: workers }, (_, at) => startWorker(at)));
  return { servers: [first, ...others], workers: started.map(({ process }) => process), databaseUrl };
}
