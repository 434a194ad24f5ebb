import { hash, randomUUID } from 'node:crypto';
import { hasEnded } from '../../src/protocol/package.ts';
import type { Cluster } from './cluster.ts';
import type { TestRepository } from './git.ts';
import type { Outcome, ToldEvent } from './history.ts';
import type { Answer, Credentials } from './server.ts';

export const PACKAGES = '/api/1/apps/calc/packages';
/** A client that hears nothing for so long asks again, on another connection. */
const CALL_MS = 15_000;

type Untimed = ToldEvent extends infer E ? (E extends ToldEvent ? Omit<E, 'askedAt' | 'answeredAt'> : never) : never;
type Undecided = Untimed extends infer E ? (E extends { outcome: Outcome } ? Omit<E, 'outcome'> : never) : never;

/** The environment that the first clients share, each with the packages of whoever deletes and downloads them meanwhile. */
export const SHARED_MODE = 'Shared';
const SHARING_CLIENTS = 2;

interface Heard {
  readonly askedAt: number;
  /** Undefined where none came. */
  readonly answer: Answer | undefined;
}

export interface SharedSource {
  readonly source: TestRepository;
  /** What can be built. */
  readonly revisions: string[];
  /** Whether the first client pushes more. */
  readonly pushes: boolean;
}

/** Starts builds one after the other, follows them, and does with them what people do. */
export class BusyClient {
  readonly #cluster: Cluster;
  readonly #shared: SharedSource;
  readonly #events: ToldEvent[];
  readonly #index: number;

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
      else if (this.#index < SHARING_CLIENTS) await this.#share(packageId, count % 2 === 0);
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
      const { askedAt, answer } = await this.#ask('POST', PACKAGES, { Revision: revision, Version: version }, key);
      if (answer?.status !== 200) continue;
      asks -= 1;
      const packageId: string = answer.body.PackageId;
      this.#tell({ kind: 'accepted', key, packageId, version, revision }, askedAt);
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
      const { askedAt, answer } = await this.#ask('GET', `${PACKAGES}/${packageId}?wait=2`);
      if (answer?.status === 404) this.#tell({ kind: 'missed', packageId }, askedAt);
      if (answer?.status !== 200) continue;
      const { Status: status, Sha256: sha256, StatusReason: reason } = answer.body;
      this.#tell({ kind: 'seen', packageId, status, sha256, reason }, askedAt);
      if (hasEnded(status)) return status;
    }
    return undefined;
  }

  async #download(packageId: string): Promise<void> {
    const askedAt = performance.now();
    const headers = headersOf(this.#cluster.admin);
    try {
      const signal = AbortSignal.timeout(CALL_MS);
      const response = await fetch(`${this.#cluster.url}${PACKAGES}/${packageId}/download`, { headers, signal });
      if (response.status !== 200) return;
      this.#tell({ kind: 'downloaded', packageId, sha256: hash('sha256', await response.bytes()) }, askedAt);
    } catch {
      // Cut off: nothing was told.
    }
  }

  /** As pipelines do. */
  async #deploy(packageId: string): Promise<void> {
    const environment = modeOf(this.#index);
    const path = environmentPath(environment);
    const { answer: seen } = await this.#ask('GET', path);
    const stopped = await this.#ask('POST', `${path}/stop`);
    this.#tellOutcome({ kind: 'stop', environment, isRunning: seen?.body.Status === 'Running' }, stopped);
    if ((await this.#transport(packageId, environment)) !== 'done') return;
    const started = await this.#ask('POST', `${path}/start`, { AutoSyncDb: true });
    this.#tellOutcome({ kind: 'start', environment, jobId: started.answer?.body.JobId }, started);
  }

  async #transport(packageId: string, environment: string): Promise<Outcome> {
    const heard = await this.#ask('POST', `${environmentPath(environment)}/transport`, { PackageId: packageId });
    return this.#tellOutcome({ kind: 'transport', packageId, environment }, heard);
  }

  /**
   * At once, as those do who know nothing of each other. A transport takes longer to begin than a deletion: one that comes
   * a download later finds it under way, or done.
   */
  async #share(packageId: string, isDeletedLater: boolean): Promise<void> {
    const downloading = this.#download(packageId);
    const deleting = isDeletedLater ? downloading.then(() => this.#delete(packageId)) : this.#delete(packageId);
    await Promise.all([this.#transport(packageId, SHARED_MODE), downloading, deleting]);
  }

  async #cancel(packageId: string): Promise<void> {
    this.#tell({ kind: 'cancel-sent', packageId }, performance.now());
    await this.#ask('POST', `${PACKAGES}/${packageId}/cancel`);
  }

  async #delete(packageId: string): Promise<void> {
    this.#tellOutcome({ kind: 'delete', packageId }, await this.#ask('DELETE', `${PACKAGES}/${packageId}`));
  }

  async #ask(method: string, path: string, body?: unknown, key?: string): Promise<Heard> {
    const { url, admin } = this.#cluster;
    const askedAt = performance.now();
    try {
      const response = await fetch(encodeURI(url + path), {
        method,
        headers: { ...headersOf(admin), ...(key !== undefined && { 'Idempotency-Key': key }) },
        signal: AbortSignal.timeout(CALL_MS),
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      const answer: Answer = { status: response.status, headers: response.headers, body: await response.json() };
      if (answer.status === 400 || answer.body?.errorCode === 'INTERNAL_ERROR') {
        this.#tell({ kind: 'astonished', answer: `${method} ${path}: ${JSON.stringify(answer.body)}` }, askedAt);
      }
      return { askedAt, answer };
    } catch {
      // A client that was cut off tries again a little later.
      await new Promise((resolve) => setTimeout(resolve, 50));
      return { askedAt, answer: undefined };
    }
  }

  #tell(event: Untimed, askedAt: number): void {
    this.#events.push({ ...event, askedAt, answeredAt: performance.now() } as ToldEvent);
  }

  /** Of what an answer like 503 leaves open nobody knows when it happens, either. */
  #tellOutcome(event: Undecided, { askedAt, answer }: Heard): Outcome {
    const outcome = outcomeOf(answer);
    const answeredAt = outcome === 'unknown' ? Number.POSITIVE_INFINITY : performance.now();
    this.#events.push({ ...event, outcome, askedAt, answeredAt } as ToldEvent);
    return outcome;
  }
}

export function modeOf(index: number): string {
  return `Test ${index}`;
}

function environmentPath(mode: string): string {
  return `/api/1/apps/calc/environments/${mode}`;
}

function outcomeOf(answer: Answer | undefined): Outcome {
  if (answer === undefined || answer.status >= 500) return 'unknown';
  return answer.status === 200 ? 'done' : 'refused';
}

export function headersOf({ username, apiKey }: Credentials): Record<string, string> {
  return { 'Mendix-Username': username, 'Mendix-ApiKey': apiKey };
}
