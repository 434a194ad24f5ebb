import { mkdir } from 'node:fs/promises';
import { homedir, hostname } from 'node:os';
import { join } from 'node:path';
import type { BlobStore } from '../blob/blob-store.ts';
import type { BuildLog, LogLimits } from '../build-log/build-log.ts';
import { openFileBuildLog } from '../build-log/file-build-log.ts';
import { openSharedBuildLog } from '../build-log/shared-build-log.ts';
import { findApp } from '../database/apps.ts';
import type { Database } from '../database/database.ts';
import { countPackagesByStatus } from '../database/packages.ts';
import type { AppRow } from '../database/schema.ts';
import { lockDataFolder } from '../database/sqlite/data-folder-lock.ts';
import { countPendingMessages } from '../database/webhook-messages.ts';
import type { Deployments } from '../deployment/deployments.ts';
import type { DeploymentReports } from '../deployment/webhook/deployment-reports.ts';
import { readAppSettings } from '../domain/app-settings.ts';
import { removeTree } from '../files/remove-tree.ts';
import { createLinkSigner, type LinkSigner } from '../http/link-signer.ts';
import { createMetrics, type Metrics } from '../metrics/metrics.ts';
import { openAppCredentials } from '../operations/app-credentials.ts';
import { dropUnfinishedUploads } from '../operations/check-uploads.ts';
import { claimBlobStore } from '../operations/claim-blob-store.ts';
import { openAppSecrets } from '../operations/open-app-secrets.ts';
import { MemberCache } from '../packaging/member-cache/member-cache.ts';
import type { BuildQueue } from '../queue/build-queue.ts';
import { createRowQueue } from '../queue/row-queue.ts';
import { openRepositories, type Repositories } from '../repository/repositories.ts';
import type { Repository } from '../repository/repository.ts';
import type { SecretBox } from '../secrets/secret-box.ts';
import type { Tracing } from '../tracing/tracing.ts';
import { BuildWorker } from '../worker/build-worker.ts';
import { cachesOfDeletedApps } from './caches-of-deleted-apps.ts';
import type { Configuration } from './configuration.ts';
import { engineVariables } from './engine-variables.ts';
import { gitVariables } from './git-variables.ts';
import { DUTIES, type Duties, Leadership } from './leadership.ts';
import { refuseMoved } from './moved-data-folder.ts';
import { openBlobStore } from './open-blob-store.ts';
import { openBuilders } from './open-builders.ts';
import { openDatabase } from './open-database.ts';
import { openDeployments } from './open-deployments.ts';
import { type OpenDutiesOptions, openDuties } from './open-duties.ts';
import { openTracing } from './open-tracing.ts';
import { agreeOnKey, openStoredSecrets } from './stored-secrets.ts';
import { refuseUnfinishedMove } from './unfinished-move.ts';
import { refuseUnfinishedRestore } from './unfinished-restore.ts';

/** A worker that is silent for so long has lost its builds, as soon as another one looks. */
const LEASE_MS = 20_000;
const HEARTBEAT_MS = LEASE_MS / 4;
/** How often it is looked for what servers were doing to environments that are no more. */
const RESUME_MS = 3_000;
const MOST_INTERRUPTIONS = 2;
/** Fetching what another worker has may take minutes. */
const PREFERENCE_MS = 2000;
const MOST_LOG_BYTES = 64 * 1024 * 1024;

/** Everything behind the wire: what is kept, and what works on it. */
export interface Core {
  readonly database: Database;
  /** Milliseconds since 1970: the same for all who share the database. */
  readonly clock: () => number;
  readonly blobs: BlobStore;
  readonly buildLog: BuildLog;
  readonly queue: BuildQueue;
  readonly deployments: Deployments;
  readonly deploymentReports: DeploymentReports;
  readonly secretBox: SecretBox;
  readonly links: LinkSigner;
  readonly metrics: Metrics;
  readonly tracing: Tracing;
  readonly repositoryOf: (app: AppRow) => Repository;
  /** Addresses and networks that webhooks may reach beside the public internet. */
  readonly webhookNetworks: readonly string[];
  /** Emptied when the server starts. */
  readonly temporaryFolder: string;

  readonly findRepositoryKind: Repositories['findKind'];
  /** Begins to build, and to drop what is kept here of apps that are no more. */
  startBuilding(): void;
  /** Whether it builds what there is, as far as it could see when it looked last. */
  isClaiming(): boolean;
  /** Begins what goes on by itself: what the outbox holds, and chores. */
  startDuties(): void;
  /** Begins no more builds, and gives those back that have not ended after a while. */
  stopBuilding(graceMs: number): Promise<void>;
  /** Does that too, ends what goes on by itself, and closes everything. */
  stop(graceMs: number): Promise<void>;
}

export type ReportError = (error: unknown, what: string) => void;

/**
 * Opens a data folder, and puts in order what the process before left: builds it had are Queued again, and files it did
 * not finish are gone.
 *
 * @throws Error when another process uses the folder
 */
export async function openCore(configuration: Configuration, report: ReportError): Promise<Core> {
  const { dataFolder } = configuration;
  // Packages, keys and addresses of repositories are nobody else's, whatever folder they were put in.
  process.umask(0o077);
  await mkdir(dataFolder, { recursive: true });
  const opened = new AsyncDisposableStack();
  opened.defer(lockDataFolder(join(dataFolder, 'lock')));
  try {
    await refuseUnfinishedRestore(dataFolder);
    if (configuration.databaseUrl === undefined) await refuseMoved(dataFolder);
    return await openLocked(configuration, report, opened);
  } catch (error) {
    await opened.disposeAsync();
    throw error;
  }
}

/** @param opened takes everything that has to be closed again */
async function openLocked(
  configuration: Configuration,
  report: ReportError,
  opened: AsyncDisposableStack,
): Promise<Core> {
  const folder = (name: string) => join(configuration.dataFolder, name);
  const { database, isShared, clock, linkSecret } = await openDatabase(configuration, opened);
  const tracing = await openTracing(configuration, clock, report);
  opened.defer(tracing.close);
  await refuseUnfinishedMove(database);
  const secretBox = await openStoredSecrets(configuration, database);
  if (isShared) await agreeOnKey(database, secretBox);
  const blobs = await openBlobStore(configuration);
  if (configuration.s3 !== undefined) await claimBlobStore({ database, blobs });
  await blobs.sweep();
  const logLimits: LogLimits = {
    clock,
    mostBytes: MOST_LOG_BYTES,
    onError: (error) => report(error, 'a build log could not be written'),
  };
  const buildLog = isShared
    ? openSharedBuildLog({ database, blobs, ...logLimits })
    : await openFileBuildLog({ folder: folder('logs'), ...logLimits });
  const temporaryFolder = folder('tmp');
  await removeTree(temporaryFolder);
  await mkdir(temporaryFolder, { mode: 0o700 });
  const cache = await MemberCache.open({ folder: folder('cache'), limitBytes: configuration.cacheSizeBytes });
  const repositories = openRepositories({
    mirrorsFolder: folder('mirrors'),
    path: process.env.PATH ?? '',
    home: homedir(),
    extraEnvironment: gitVariables(process.env),
    connectTimeoutMs: configuration.repositoryTimeoutMs,
    fetchTimeoutMs: configuration.fetchTimeoutMs,
    authoritiesFile: configuration.repositoryCaFile,
  });
  opened.defer(repositories.closeAll);
  await repositories.sweep();
  const repositoryOf = (app: AppRow) =>
    repositories.forApp({
      key: app.id,
      kind: app.kind,
      repository: app.repository,
      mainBranch: app.main_branch,
      settings: readAppSettings(app.settings),
      credentials: openAppCredentials(secretBox, app),
    });

  const links = createLinkSigner(linkSecret);
  const metrics = createMetrics(
    () => countPackagesByStatus(database.read),
    () => countPendingMessages(database.read),
  );
  const queue = createRowQueue({
    database,
    tracing,
    clock,
    leaseMs: LEASE_MS,
    buildsPerApp: configuration.buildsPerApp,
    preferenceMs: PREFERENCE_MS,
    mostInterruptions: MOST_INTERRUPTIONS,
  });
  // Whoever had them is no more, where nobody else can have any.
  if (!isShared) await queue.recover({ everyLease: true });
  if (!isShared) await dropUnfinishedUploads({ database, blobs }, Number.MAX_SAFE_INTEGER);
  const { deployments, deploymentReports } = openDeployments({
    configuration,
    database,
    isShared,
    blobs,
    secretBox,
    links,
    clock,
    report,
  });
  const { webhookNetworks, uploadLimitBytes } = configuration;
  const builders = openBuilders({
    configuration,
    cache,
    temporaryFolder,
    path: process.env.PATH ?? '',
    engineEnvironment: engineVariables(process.env),
  });
  opened.defer(builders.close);
  await builders.sweep();
  const worker = new BuildWorker({
    database,
    blobs,
    buildLog,
    repositoryOf,
    secretsOf: ({ id }) => openAppSecrets({ database, secretBox }, id),
    chooseBuilder: builders.choose,
    metrics,
    tracing,
    clock,
    name: `${hostname()}:${configuration.dataFolder}`,
    queue,
    slots: configuration.buildSlots,
    buildTimeoutMs: configuration.buildTimeoutMs,
    heartbeatMs: HEARTBEAT_MS,
    onError: (error, packageId) =>
      report(error, `the worker met an error${packageId ? ` at package ${packageId}` : ''}`),
  });

  const isApp = async (appKey: string) => (await findApp(database.read, appKey)) !== undefined;
  const caches = cachesOfDeletedApps({ database, isApp, repositories, cache, builders, worker, report });
  const dutiesOptions: OpenDutiesOptions = {
    blobs,
    isStoreReachable: configuration.s3 !== undefined,
    buildLog,
    secretBox,
    deployments,
    ...(isShared && { resumeEveryMs: RESUME_MS }),
    metrics,
    tracing,
    repositoryOf,
    webhookNetworks,
    uploadLimitBytes,
    clock,
    report,
  };
  const duties = isShared ? leadDuties(dutiesOptions, database) : openDuties(dutiesOptions, database);
  return {
    database,
    clock,
    blobs,
    buildLog,
    queue,
    deployments,
    deploymentReports,
    secretBox,
    links,
    metrics,
    tracing,
    repositoryOf,
    webhookNetworks,
    temporaryFolder,
    findRepositoryKind: repositories.findKind,
    startBuilding() {
      worker.start();
      caches.start();
    },
    isClaiming: () => worker.isClaiming,
    startDuties: () => duties.start(),
    stopBuilding: (graceMs) => worker.stop(graceMs),
    async stop(graceMs) {
      try {
        await worker.stop(graceMs);
        await caches.stop();
        // At once: what the one does waits for the other.
        await Promise.all([duties.stop(), deployments.stop()]);
      } finally {
        await opened.disposeAsync();
      }
    },
  };
}

/** One of the servers on a database has them at a time. */
function leadDuties(options: OpenDutiesOptions, database: Database): Duties {
  return new Leadership({
    database,
    clock: options.clock,
    name: DUTIES,
    open: (fenced) => openDuties(options, fenced),
    onError: (error) => options.report(error, 'what one server alone does could not be seen to'),
  });
}
