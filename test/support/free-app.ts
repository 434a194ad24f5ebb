import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import type { BlobStore } from '../../src/blob/blob-store.ts';
import { openDiskBlobStore } from '../../src/blob/disk-blob-store.ts';
import type { BuildLog } from '../../src/build-log/build-log.ts';
import { openFileBuildLog } from '../../src/build-log/file-build-log.ts';
import type { Database } from '../../src/database/database.ts';
import { findEnvironment } from '../../src/database/environments.ts';
import { findAnyPackage } from '../../src/database/packages.ts';
import type { AppRow } from '../../src/database/schema.ts';
import type { User } from '../../src/database/users.ts';
import type { DeploymentTarget } from '../../src/deployment/deployment-target.ts';
import { SANDBOX } from '../../src/domain/environment-mode.ts';
import { type PackageId, parseLogin } from '../../src/domain/identifiers.ts';
import { deletePackage } from '../../src/operations/delete-package.ts';
import { makeFree } from '../../src/operations/make-free.ts';
import { deployEffect } from '../../src/outbox/deploy-effect.ts';
import { type Effect, Outbox } from '../../src/outbox/outbox.ts';
import { NO_TRACING } from '../../src/tracing/no-tracing.ts';
import { writeSuccess } from '../../src/worker/write-outcome.ts';
import { addApp, addPackage, testDatabase } from './database.ts';
import { openDeployments } from './deployments.ts';
import { temporaryFolder } from './temporary-folder.ts';
import { until } from './until.ts';

export const USER: User = { id: 'user-1', login: parseLogin('richard'), name: 'Richard', isAdmin: true };
/** An effect of the outbox that is none. */
export const NOTHING: Effect = { perform: async () => [], recordFailure: async () => {} };

interface FreeApp {
  readonly database: Database;
  readonly app: AppRow;
  readonly blobs: BlobStore;
  readonly buildLog: BuildLog;
  readonly time: { now: number };
}

/** The free app `calc` over a target of the test's own, at a time that the test decides on. Nothing is built. */
export async function openFreeApp(t: TestContext, target: Partial<DeploymentTarget>, timeoutMs = 60_000) {
  const database = await testDatabase(t);
  const app = await addApp(database, 'calc');
  await database.transaction((queries) => makeFree(queries, { user: USER, app, at: 1 }));
  const blobs = await openDiskBlobStore(await temporaryFolder(t));
  const folder = await temporaryFolder(t);
  const buildLog = await openFileBuildLog({ folder, clock: Date.now, mostBytes: 1000, onError: assert.ifError });
  const time = { now: 1_000_000 };
  const free: FreeApp = { database, app: { ...app, license: 'free' }, blobs, buildLog, time };
  return { ...free, ...startServer(t, free, target, timeoutMs) };
}

/** What works on a free app while a server lives; its outbox has not looked yet. */
export function startServer(
  t: TestContext,
  { database, app, blobs, buildLog, time }: FreeApp,
  target: Partial<DeploymentTarget>,
  timeoutMs = 60_000,
) {
  const deps = openDeployments(database, target, { timeoutMs, blobs });
  const { deployments, errors } = deps;
  const clock = () => time.now;
  const outcomes = { hold: async () => {} };
  const deploy = deployEffect({ ...deps, tracing: NO_TRACING, clock, onError: (error) => errors.push(error) });
  const outbox = new Outbox({
    database,
    effects: {
      tag: NOTHING,
      deploy: {
        ...deploy,
        async perform(entries, signal) {
          const attempts = await deploy.perform(entries, signal);
          await outcomes.hold();
          return attempts;
        },
      },
    },
    clock,
    onError: (error) => errors.push(error),
  });
  const stop = async () => void (await Promise.all([outbox.stop(), deployments.stop()]));
  t.after(stop);
  const find = async (id: PackageId) => {
    const row = await findAnyPackage(database.read, id);
    return `${row?.deploy_status}: ${row?.deploy_message}`;
  };
  return {
    deps,
    deployments,
    errors,
    /** What is waited for before an attempt is written down. */
    outcomes,
    stop,
    wake: () => outbox.wake(),
    /** Accepts a build, which ends once the test says so. */
    accept: (version: string) => addPackage(database, app, { version, status: 'Uploading', attempt: 1 }),
    /** Ends a build, as a worker does. */
    async succeed(id: PackageId): Promise<void> {
      const claim = { packageId: id, attempt: 1, startedAt: 1 };
      await writeSuccess(
        { database, blobs, clock },
        claim,
        { sizeBytes: 1, sha256: 'abc' },
        new AbortController().signal,
      );
      outbox.wake();
    },
    untilDeploy: (id: PackageId, what: RegExp) =>
      until(`the deployment is ${what}`, async () => what.test(await find(id)) && (await find(id))),
    remove: (packageId: PackageId) =>
      deletePackage({ database, blobs, buildLog, clock }, { app, user: USER, packageId }),
    /** Waits for what has its turn at the Sandbox, or waits for it. */
    async untilIdle(): Promise<void> {
      const row = await findEnvironment(database.read, app.id, SANDBOX.key);
      await deployments.inTurn(row?.id ?? '', async () => {});
    },
    async sandbox() {
      const row = await findEnvironment(database.read, app.id, SANDBOX.key);
      return { status: row?.status, holds: row?.package_id, runs: row?.running_package_id };
    },
  };
}
