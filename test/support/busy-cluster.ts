import assert from 'node:assert/strict';
import { hash, randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { hasEnded } from '../../src/protocol/package.ts';
import { type Cluster, type ClusterOptions, startCluster } from './cluster.ts';
import { makeTestRepository, type TestRepository } from './git.ts';
import { askedVersion, findBreaches, type LastSeen, type LastState, type ToldEvent } from './history.ts';
import { type Answer, type Credentials, call, startTestServer } from './server.ts';
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

const PACKAGES = '/api/1/apps/calc/packages';
/** A client that hears nothing for so long asks again, on another connection. */
const CALL_MS = 15_000;
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
  const receiver = await startWebhookReceiver(test);
  const variables = { SLIPWAY_WEBHOOK_NETWORKS: '127.0.0.1', ...options.variables };
  const cluster = await startCluster(test, { ...options, variables });
  const hook = { name: 'Receiver', url: receiver.url, eventTypes: EVENT_TYPES, validationSecret: MESSAGE_SECRET };
  const app = { AppId: 'calc', Repository: source.path, MainBranch: 'main' };
  for (const [path, body] of [
    ['/manage/1/apps', app],
    ['/api/v1/apps/calc/webhooks', hook],
    ...Array.from({ length: clients }, (_, index) => ['/manage/1/apps/calc/environments', { Mode: modeOf(index) }]),
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
      const last = await readLastState(test, { cluster, source, readTagLog, receiver, deadlineMs });
      assert.deepEqual(findBreaches(events, last, { reasons: allowed }), []);
      return last;
    },
  };
}

function modeOf(index: number): string {
  return `Test ${index}`;
}

type Untimed = ToldEvent extends infer E ? (E extends ToldEvent ? Omit<E, 'askedAt' | 'answeredAt'> : never) : never;

interface SharedSource {
  readonly source: TestRepository;
  /** What can be built. */
  readonly revisions: string[];
  /** Whether the first client pushes more. */
  readonly pushes: boolean;
}

/** Starts builds one after the other, follows them, and does with them what people do. */
class BusyClient {
  readonly #cluster: Cluster;
  readonly #shared: SharedSource;
  readonly #events: ToldEvent[];
  readonly #index: number;
  #askedAt = 0;

  constructor(cluster: Cluster, shared: SharedSource, events: ToldEvent[], index: number) {
    this.#cluster = cluster;
    this.#shared = shared;
    this.#events = events;
    this.#index = index;
  }

  async work(signal: AbortSignal): Promise<void> {
    for (let count = 0; !signal.aborted; count += 1) {
      const packageId = await this.#start(count, signal);
      if (packageId === undefined) return;
      if (count % 7 === 3) await this.#cancel(packageId);
      const status = await this.#follow(packageId, signal);
      if (status !== 'Succeeded') continue;
      await this.#download(packageId);
      if (count % 4 === 1) await this.#deploy(packageId);
      if (count % 3 !== 2) await this.#delete(packageId);
    }
  }

  /** Asks with the same key until there is an answer, and now and then once more. */
  async #start(count: number, signal: AbortSignal): Promise<string | undefined> {
    const revision = await this.#chooseRevision(count);
    const version = `1.${this.#index}.${count}`;
    const key = randomUUID();
    let asks = count % 5 === 0 ? 2 : 1;
    let found: string | undefined;
    while (asks > 0 && !signal.aborted) {
      const answer = await this.#ask('POST', PACKAGES, { Revision: revision, Version: version }, key);
      if (answer?.status !== 200) continue;
      asks -= 1;
      const packageId: string = answer.body.PackageId;
      this.#tell({ kind: 'accepted', key, packageId, version, revision });
      found = packageId;
    }
    return found;
  }

  async #chooseRevision(count: number): Promise<string> {
    const { source, revisions, pushes } = this.#shared;
    if (!pushes || this.#index > 0 || count % 3 !== 1) return revisions[(this.#index + count) % revisions.length] ?? '';
    const [pushed = ''] = await source.commit([{ branch: 'main', files: { 'pushed.txt': `${count}` } }]);
    revisions.push(pushed);
    return pushed;
  }

  async #follow(packageId: string, signal: AbortSignal): Promise<string | undefined> {
    while (!signal.aborted) {
      const answer = await this.#ask('GET', `${PACKAGES}/${packageId}?wait=2`);
      if (answer?.status === 404) this.#tell({ kind: 'missed', packageId });
      if (answer?.status !== 200) continue;
      const { Status: status, Sha256: sha256, StatusReason: reason } = answer.body;
      this.#tell({ kind: 'seen', packageId, status, sha256, reason });
      if (hasEnded(status)) return status;
    }
    return undefined;
  }

  async #download(packageId: string): Promise<void> {
    this.#askedAt = performance.now();
    const headers = headersOf(this.#cluster.admin);
    try {
      const signal = AbortSignal.timeout(CALL_MS);
      const response = await fetch(`${this.#cluster.url}${PACKAGES}/${packageId}/download`, { headers, signal });
      if (response.status !== 200) return;
      this.#tell({ kind: 'downloaded', packageId, sha256: hash('sha256', await response.bytes()) });
    } catch {
      // Cut off: nothing was told.
    }
  }

  async #deploy(packageId: string): Promise<void> {
    const environment = modeOf(this.#index);
    const path = `/api/1/apps/calc/environments/${environment}`;
    this.#tellNow({ kind: 'transport-sent', packageId, environment });
    const given = await this.#ask('POST', `${path}/transport`, { PackageId: packageId });
    if (given?.status !== 200) return;
    this.#tell({ kind: 'transported', packageId, environment });
    this.#tellNow({ kind: 'start-sent', packageId, environment });
    await this.#ask('POST', `${path}/start`, { AutoSyncDb: true });
  }

  async #cancel(packageId: string): Promise<void> {
    this.#tellNow({ kind: 'cancel-sent', packageId });
    await this.#ask('POST', `${PACKAGES}/${packageId}/cancel`);
  }

  async #delete(packageId: string): Promise<void> {
    this.#tellNow({ kind: 'delete-sent', packageId });
    const answer = await this.#ask('DELETE', `${PACKAGES}/${packageId}`);
    if (answer?.status === 200) this.#tell({ kind: 'deleted', packageId });
  }

  /** @returns undefined where no answer came */
  async #ask(method: string, path: string, body?: unknown, key?: string): Promise<Answer | undefined> {
    const { url, admin } = this.#cluster;
    this.#askedAt = performance.now();
    try {
      const response = await fetch(encodeURI(url + path), {
        method,
        headers: { ...headersOf(admin), ...(key !== undefined && { 'Idempotency-Key': key }) },
        signal: AbortSignal.timeout(CALL_MS),
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      const answer: Answer = { status: response.status, headers: response.headers, body: await response.json() };
      if (answer.status === 400 || answer.body?.errorCode === 'INTERNAL_ERROR') {
        this.#tell({ kind: 'astonished', answer: `${method} ${path}: ${JSON.stringify(answer.body)}` });
      }
      return answer;
    } catch {
      // A client that was cut off tries again a little later.
      await new Promise((resolve) => setTimeout(resolve, 50));
      return undefined;
    }
  }

  #tell(event: Untimed): void {
    this.#events.push({ ...event, askedAt: this.#askedAt, answeredAt: performance.now() } as ToldEvent);
  }

  #tellNow(event: Untimed): void {
    const now = performance.now();
    this.#events.push({ ...event, askedAt: now, answeredAt: now } as ToldEvent);
  }
}

function headersOf({ username, apiKey }: Credentials): Record<string, string> {
  return { 'Mendix-Username': username, 'Mendix-ApiKey': apiKey };
}

interface Ending extends Pick<BusyCluster, 'cluster' | 'source' | 'receiver'> {
  readonly readTagLog: () => Promise<readonly TagUpdate[]>;
  readonly deadlineMs: number;
}

async function readLastState(test: TestContext, ending: Ending): Promise<LastState> {
  const { cluster, source, receiver, deadlineMs } = ending;
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
  };
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
