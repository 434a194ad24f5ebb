import type { BlobStore } from '../blob/blob-store.ts';
import type { BuildLog } from '../build-log/build-log.ts';
import type { Database } from '../database/database.ts';
import type { Deployments } from '../deployment/deployments.ts';
import type { Metrics } from '../metrics/metrics.ts';
import { checkUploads, dropUnfinishedUploads } from '../operations/check-uploads.ts';
import { claimBlobStore, renewStoreMark } from '../operations/claim-blob-store.ts';
import { pruneApps } from '../operations/prune-apps.ts';
import { removeDeletedApps } from '../operations/remove-deleted-apps.ts';
import { sweepMessages } from '../operations/sweep-messages.ts';
import { sweepOrphans } from '../operations/sweep-orphans.ts';
import { BackgroundWork } from './background-work.ts';
import type { ReportError } from './core.ts';

export interface OpenChoresOptions {
  readonly database: Database;
  readonly blobs: BlobStore;
  /** Whether other installations can reach that, too. */
  readonly isStoreReachable: boolean;
  readonly buildLog: BuildLog;
  readonly deployments: Deployments;
  /** How often it is looked for what other servers left undone; once, where there are none. */
  readonly resumeEveryMs?: number;
  readonly metrics: Metrics;
  readonly uploadLimitBytes: number;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  readonly report: ReportError;
}

/** What is done beside everything else, one run of each at a time. */
export interface Chores {
  /** Begins, and begins again whenever there is something to do. */
  start(): void;
  /** Resolves when nothing runs any more. */
  stop(): Promise<void>;
}

/** After work in the background has failed. */
const RETRY_MS = 10_000;
const HOUR_MS = 60 * 60 * 1000;
/** From when all bytes of an upload have come until its file is whole. */
const MOST_UPLOAD_END_MS = HOUR_MS / 4;
/** What a retention lets go goes by the day. Leftovers are few: what crashes leave, and what is old. */
const DAILY = { everyMs: 24 * HOUR_MS, retryMs: HOUR_MS } as const;
/** Of an upload, unpacked: models deflate to a third. What claims more was made to fill somebody's disk. */
const MOST_INFLATION = 4;

export function openChores(options: OpenChoresOptions): Chores {
  const { report, isStoreReachable } = options;
  /** Nothing is deleted by itself in a store that has become another's. */
  const seeThatItIsOurs = async () => {
    if (isStoreReachable) await claimBlobStore(options);
  };
  const marking = new BackgroundWork({
    work: () => renewStoreMark(options),
    everyMs: HOUR_MS,
    retryMs: HOUR_MS / 4,
    onError: (error) => report(error, 'the blob store could not be marked as the one of this database'),
  });
  const removal = new BackgroundWork({
    work: (signal) =>
      removeDeletedApps(
        {
          ...options,
          onError: (error, id) =>
            report(error, `the environment ${id} of a deleted app was forgotten, but not removed`),
        },
        signal,
      ),
    retryMs: RETRY_MS,
    onError: (error) => report(error, 'a deleted app could not be removed'),
  });
  const checking = {
    ...options,
    mostContentBytes: options.uploadLimitBytes * MOST_INFLATION,
    onError: (error: unknown, packageId: string) => report(error, `the check of the upload ${packageId} met an error`),
  };
  const uploads = new BackgroundWork({
    work: (signal) => checkUploads(checking, signal),
    retryMs: RETRY_MS,
    onError: (error) => report(error, 'uploads could not be checked'),
  });
  const unfinished = new BackgroundWork({
    work: () => dropUnfinishedUploads(options, options.clock() - MOST_UPLOAD_END_MS),
    everyMs: MOST_UPLOAD_END_MS,
    retryMs: MOST_UPLOAD_END_MS,
    onError: (error) => report(error, 'unfinished uploads could not be dropped'),
  });
  const onUnpruned = (error: unknown, appId: string) => report(error, `the packages of ${appId} could not be pruned`);
  const pruning = new BackgroundWork({
    async work(signal) {
      await seeThatItIsOurs();
      await pruneApps({ ...options, onError: onUnpruned }, signal);
    },
    ...DAILY,
    onError: (error) => report(error, 'packages could not be pruned'),
  });
  const sweep = new BackgroundWork({
    async work(signal) {
      await seeThatItIsOurs();
      await sweepOrphans(options, signal);
      await sweepMessages(options, signal);
    },
    ...DAILY,
    onError: (error) => report(error, 'leftovers could not be swept'),
  });
  const resumption = new BackgroundWork({
    work: () => options.deployments.resume(),
    retryMs: RETRY_MS,
    ...(options.resumeEveryMs !== undefined && { everyMs: options.resumeEveryMs }),
    onError: (error) => report(error, 'starts of environments could not be gone on with'),
  });
  const all = [...(isStoreReachable ? [marking] : []), resumption, uploads, unfinished, removal, pruning, sweep];
  const woken = [
    ['uploads', uploads],
    ['deleted-apps', removal],
    ['retention', pruning],
  ] as const;
  const stops: (() => void)[] = [];
  return {
    start() {
      for (const [topic, work] of woken) stops.push(options.database.onChange(topic, () => work.wake()));
      for (const work of all) work.wake();
    },
    async stop() {
      for (const stop of stops) stop();
      for (const work of all) await work.stop();
    },
  };
}
