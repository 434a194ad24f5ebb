import type { Database } from '../database/database.ts';
import type { MemberCache } from '../packaging/member-cache/member-cache.ts';
import type { Repositories } from '../repository/repositories.ts';
import type { BuildWorker } from '../worker/build-worker.ts';
import { BackgroundWork } from './background-work.ts';
import type { ReportError } from './core.ts';
import type { Duties } from './leadership.ts';
import type { Builders } from './open-builders.ts';

export interface CachesOfDeletedAppsOptions {
  readonly database: Pick<Database, 'onChange'>;
  readonly isApp: (appKey: string) => Promise<boolean>;
  readonly repositories: Pick<Repositories, 'removeOthers'>;
  readonly cache: Pick<MemberCache, 'deleteApp'>;
  readonly builders: Pick<Builders, 'deleteApp'>;
  readonly worker: Pick<BuildWorker, 'untilNotBuilding'>;
  readonly report: ReportError;
}

const RETRY_MS = 10_000;
const DAY_MS = 24 * 60 * 60 * 1000;

/**
 * Drops what this process keeps on its disk of apps that are no more: at its start, as soon as one is deleted, on whatever
 * server, and by the day. Every process of those that share a database sees to its own.
 */
export function cachesOfDeletedApps(options: CachesOfDeletedAppsOptions): Duties {
  const { database, isApp, repositories, cache, builders, worker, report } = options;
  const dropping = new BackgroundWork({
    work: () =>
      repositories.removeOthers(isApp, async (appKey) => {
        // One that was canceled, or is another worker's now, has not noticed yet.
        await worker.untilNotBuilding(appKey);
        await builders.deleteApp(appKey);
        await cache.deleteApp(appKey);
      }),
    everyMs: DAY_MS,
    retryMs: RETRY_MS,
    onError: (error) => report(error, 'caches of deleted apps could not be dropped'),
  });
  let stopListening = () => {};
  return {
    start() {
      stopListening = database.onChange('deleted-apps', () => dropping.wake());
      dropping.wake();
    },
    async stop() {
      stopListening();
      await dropping.stop();
    },
  };
}
