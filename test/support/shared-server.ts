import { join } from 'node:path';
import { pino } from 'pino';
import type { Configuration } from '../../src/main/configuration.ts';
import { type RunningServer, startServer } from '../../src/main/server.ts';
import { startWorker } from '../../src/main/start-worker.ts';
import { openRoundRobin } from './round-robin.ts';
import { sharedStoresOf } from './stores.ts';
import { wholeFile } from './whole-file.ts';

type Stoppable = { stop(): Promise<void> };

/**
 * Two servers and two workers within this process, as one: calls go to the servers in turn, and the build slots are shared
 * out among the workers. The first server has the configured data folder, the others have folders within it.
 */
export async function startSharedServer(
  test: { after(work: () => unknown): void },
  configuration: Configuration,
): Promise<RunningServer> {
  const { dataFolder, buildSlots } = configuration;
  const { databaseUrl, secretKey, blobs } = await sharedStoresOf(dataFolder);
  const configure = (folder: string, slots: number): Configuration => ({
    ...configuration,
    dataFolder: folder,
    buildSlots: slots,
    databaseUrl,
    s3: blobs.settings,
    secretKey: configuration.secretKey ?? secretKey,
  });
  const logger = pino({ level: 'silent' });
  const started: Stoppable[] = [];
  const stop = async () => void (await Promise.all(started.map((each) => each.stop())));
  // Before the database goes, whatever hook of the test's comes when.
  wholeFile.after(stop);
  try {
    const first = await startServer(configure(dataFolder, 0), logger);
    started.push(first);
    const second = await startServer(configure(join(dataFolder, 'server-2'), 0), logger);
    started.push(second);
    for (const [index, slots] of shareOut(buildSlots).entries()) {
      started.push(await startWorker(configure(join(dataFolder, `worker-${index + 1}`), slots), logger));
    }
    const front = await openRoundRobin(test, () => [first.url, second.url]);
    return { ...first, url: front, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Of each of two workers; who gets none is not there. */
function shareOut(slots: number): number[] {
  return [Math.ceil(slots / 2), Math.floor(slots / 2)].filter((some) => some > 0);
}
