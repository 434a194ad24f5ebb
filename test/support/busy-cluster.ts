import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { hasEnded } from '../../src/protocol/package.ts';
import { BusyClient, headersOf, modeOf, PACKAGES, SHARED_MODE } from './busy-client.ts';
import { type Cluster, type ClusterOptions, startCluster } from './cluster.ts';
import { type DeployReceiver, startDeployReceiver, WEBHOOK_SECRET } from './deploy-receiver.ts';
import { makeTestRepository, type TestRepository } from './git.ts';
import {
  askedVersion,
  findBreaches,
  type LastSeen,
  type LastState,
  listAwaitedStarts,
  type TargetOrder,
  type ToldEvent,
} from './history.ts';
import { type Answer, call, startTestServer } from './server.ts';
import { keepTagLog, type TagUpdate } from './tag-log.ts';
import { temporaryFolder } from './temporary-folder.ts';
import { until } from './until.ts';
import { startWebhookReceiver, type WebhookReceiver } from './webhook-receiver.ts';
import { MESSAGE_SECRET } from './webhooks.ts';

/** A cluster that clients are busy with, and what they were told. */
export interface BusyCluster {
  readonly cluster: Cluster;
  readonly source: TestRepository;
  readonly receiver: WebhookReceiver;
  readonly events: readonly ToldEvent[];
  /** How many builds were accepted until now. */
  accepted(): number;
  /** Waits until so many more builds were accepted. */
  untilAccepted(more: number): Promise<void>;
  /** How many packages clients have seen Succeeded. */
  succeeded(): number;
  /** Lets the clients finish what they are at, waits until everything has ended, and checks what they were told. */
  finish(allowed?: RegExp): Promise<LastState>;
}

export interface BusyClusterOptions extends ClusterOptions {
  readonly clients?: number;
  /** Whether the first client pushes revisions of its own, too: it does, unless told otherwise. */
  readonly pushes?: boolean;
  /** Files of the app, by revision. */
  readonly files?: readonly Readonly<Record<string, string | Uint8Array>>[];
  /** Until when everything must have ended once the clients are through. */
  readonly deadlineMs?: number;
}

const ENVIRONMENTS = '/manage/1/apps/calc/environments';
const EVENT_TYPES = ['build.succeeded', 'build.failed', 'environment.deployed', 'environment.failed'];
const SMALL_APP = Array.from({ length: 4 }, (_, index) => ({ [`file-${index}`]: `${index}`.repeat(20_000) }));

/** Why builds fail that clients have canceled. */
export const CANCELED = /^canceled$/;

export async function startBusyCluster(
  test: TestContext,
  { clients = 4, pushes = true, files = SMALL_APP, deadlineMs = 60_000, ...options }: BusyClusterOptions = {},
): Promise<BusyCluster> {
  const source = await makeTestRepository(join(await temporaryFolder(test), 'source.git'), { mainBranch: 'main' });
  const revisions = [...(await source.commit(files.map((changed) => ({ branch: 'main', files: changed }))))];
  const readTagLog = await keepTagLog(source);
  const [receiver, deployer] = await Promise.all([startWebhookReceiver(test), startDeployReceiver(test)]);
  const variables = { SLIPWAY_WEBHOOK_NETWORKS: '127.0.0.1', ...options.variables };
  const cluster = await startCluster(test, { ...options, variables });
  const hook = { name: 'Receiver', url: receiver.url, eventTypes: EVENT_TYPES, validationSecret: MESSAGE_SECRET };
  const app = { AppId: 'calc', Repository: source.path, MainBranch: 'main' };
  const target = { Target: 'webhook', TargetOptions: { url: deployer.url, secret: WEBHOOK_SECRET } };
  const modes = [SHARED_MODE, ...Array.from({ length: clients }, (_, index) => modeOf(index))];
  for (const [path, body] of [
    ['/manage/1/apps', app],
    ['/api/v1/apps/calc/webhooks', hook],
    ...modes.map((Mode) => [ENVIRONMENTS, { Mode, ...target }]),
  ] as const) {
    const answer = await cluster.call('POST', path as string, body);
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
  }
  const events: ToldEvent[] = [];
  const stopping = new AbortController();
  test.after(() => stopping.abort());
  const busy = Array.from({ length: clients }, (_, index) =>
    new BusyClient(cluster, { source, revisions, pushes }, events, index).work(stopping.signal),
  );
  const accepted = () => new Set(events.flatMap((event) => (event.kind === 'accepted' ? event.packageId : []))).size;
  return {
    cluster,
    source,
    receiver,
    events,
    accepted,
    succeeded: () =>
      new Set(events.flatMap((event) => (event.kind === 'seen' && event.status === 'Succeeded' ? event.packageId : [])))
        .size,
    async untilAccepted(more) {
      const enough = accepted() + more;
      await until(`${more} more builds were accepted`, () => accepted() >= enough, deadlineMs);
    },
    async finish(allowed = CANCELED) {
      stopping.abort();
      await Promise.all(busy);
      const last = await readLastState(test, { cluster, source, readTagLog, receiver, deployer, events, deadlineMs });
      assert.deepEqual(findBreaches(events, last, { reasons: allowed }), []);
      test.diagnostic(`${accepted()} builds, ${last.tagUpdates.length} tags, ${last.orders.length} orders`);
      return last;
    },
  };
}

interface Ending extends Pick<BusyCluster, 'cluster' | 'source' | 'receiver' | 'events'> {
  readonly deployer: DeployReceiver;
  readonly readTagLog: () => Promise<readonly TagUpdate[]>;
  readonly deadlineMs: number;
}

async function readLastState(test: TestContext, ending: Ending): Promise<LastState> {
  const { cluster, source, receiver, deployer, events, deadlineMs } = ending;
  const list = await until(
    'every build has ended, and its tag is there',
    async () => {
      const { status, body } = await cluster.call('GET', PACKAGES);
      if (status !== 200) return false;
      return body.every(
        ({ Status, TagStatus }: Answer['body']) =>
          Status === 'Failed' || (Status === 'Succeeded' && TagStatus === 'Done'),
      )
        ? body
        : false;
    },
    deadlineMs,
  );
  const packages: LastSeen[] = list.map((item: Answer['body']) => ({
    packageId: item.PackageId,
    version: item.Version,
    revision: item.Revision,
    status: item.Status,
    reason: item.StatusReason,
    sha256: item.Sha256,
  }));
  await until(
    'whoever listens was told of every end',
    () => {
      const told = new Set(receiver.messages.map(({ payload }) => payload.packageId));
      return packages.every(({ packageId }) => told.has(packageId));
    },
    deadlineMs,
  );
  const areOrdered = () => listAwaitedStarts(events).every((jobId) => deployer.orders.some(({ id }) => id === jobId));
  // Which of them are not is for the checker to say.
  await until('every start was ordered', areOrdered, deadlineMs).catch(() => undefined);
  const succeeded = packages.filter(({ status }) => status === 'Succeeded');
  const downloaded = new Map<string, string>();
  for (const { packageId } of succeeded) {
    const headers = headersOf(cluster.admin);
    const response = await fetch(`${cluster.url}${PACKAGES}/${packageId}/download`, { headers });
    if (response.status === 200) downloaded.set(packageId, hash('sha256', await response.bytes()));
  }
  return {
    packages,
    downloaded,
    independent: await buildElsewhere(test, source, succeeded),
    tags: await readTags(source),
    tagUpdates: await ending.readTagLog(),
    messages: receiver.messages.map(({ id, payload: { eventType, packageId, environment } }) => ({
      id,
      eventType,
      packageId,
      environment,
    })),
    inUse: await listPackagesInUse(cluster),
    orders: deployer.orders.map(({ id, type, at, linkStatus, fetched, data: { environment, package: given } }) => ({
      id,
      call: type.replace('environment.', '') as TargetOrder['call'],
      environment,
      packageId: given?.id,
      at,
      linkStatus,
      fetched,
    })),
  };
}

/** @returns of each environment, the packages that it holds and runs */
async function listPackagesInUse(cluster: Cluster): Promise<LastState['inUse']> {
  const { status, body } = await cluster.call('GET', ENVIRONMENTS);
  assert.equal(status, 200, JSON.stringify(body));
  return new Map(
    body.map(({ Mode, PackageId, RunningPackageId }: Answer['body']) => [
      Mode,
      [PackageId, RunningPackageId].filter((id) => id !== null),
    ]),
  );
}

async function readTags({ git }: TestRepository): Promise<ReadonlyMap<string, string>> {
  const listed = await git(['for-each-ref', '--format=%(refname:short) %(*objectname) %(objectname)', 'refs/tags']);
  const lines = listed.split('\n').filter((line) => line !== '');
  return new Map(
    lines.map((line) => {
      const [name = '', ...ids] = line.split(' ');
      return [name, ids.find((id) => id !== '') ?? ''];
    }),
  );
}

/** What a server by itself makes of the same revisions and versions. @returns SHA-256 by version */
async function buildElsewhere(
  test: TestContext,
  source: TestRepository,
  wanted: readonly LastSeen[],
): Promise<ReadonlyMap<string, string>> {
  const server = await startTestServer(test);
  const copy = join(await temporaryFolder(test), 'copy.git');
  await source.git(['clone', '-q', '--bare', '--no-tags', source.path, copy]);
  const app = { AppId: 'calc', Repository: copy, MainBranch: 'main' };
  assert.equal((await server.call('POST', '/manage/1/apps', app)).status, 200);
  for (const { version, revision } of wanted) {
    const started = await call(
      server.url,
      'POST',
      PACKAGES,
      { Revision: revision, Version: askedVersion(version) },
      server.admin,
    );
    assert.equal(started.status, 200, JSON.stringify(started.body));
  }
  const { body } = await until('they were built elsewhere', async () => {
    const answer = await server.call('GET', PACKAGES);
    return answer.body.every(({ Status }: Answer['body']) => hasEnded(Status)) && answer;
  });
  await server.stop();
  return new Map(body.map(({ Version, Sha256 }: Answer['body']) => [Version, Sha256]));
}
