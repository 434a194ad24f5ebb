import { findAnyPackage } from '../database/packages.ts';
import { BuildFailure } from '../domain/failure.ts';
import type { Metrics } from '../metrics/metrics.ts';
import type { BuildQueue, ClaimedBuild } from '../queue/build-queue.ts';
import { ClaimLost, WorkerStopping } from './build-outcome.ts';
import { ClosingLogs } from './closing-logs.ts';
import { insist } from './insist.ts';
import { type RunBuildDeps, runBuild } from './run-build.ts';

export interface BuildWorkerOptions extends RunBuildDeps {
  /** Names this worker in the rows it claims. */
  readonly name: string;
  readonly queue: BuildQueue;
  readonly metrics: Metrics;
  /** How many builds run at once. */
  readonly slots: number;
  readonly buildTimeoutMs: number;
  /** How often leases are extended, and lost ones looked for: well within the length of a lease. */
  readonly heartbeatMs: number;
  readonly onError: (error: unknown, packageId?: string) => void;
}

interface Running {
  readonly claim: ClaimedBuild;
  /** Fires when the build is no longer this worker's. */
  readonly abort: AbortController;
  readonly ended: Promise<void>;
}

/**
 * Claims builds and runs them, so many at once, whenever the queue says that there may be some. Keeps the leases of what
 * it runs, and stops a build whose lease it lost, that was canceled, or that takes too long.
 *
 * It starts stopped; once stopped again it never claims anything more.
 */
export class BuildWorker {
  readonly #options: BuildWorkerOptions;
  readonly #running = new Set<Running>();
  readonly #logs = new ClosingLogs();
  #accepting = false;
  #couldClaim = true;
  /** Resolves when nothing is being claimed any more. */
  #claiming: Promise<void> | undefined;
  #wokenWhileClaiming = false;
  #stopListening: () => void = () => {};
  #heartbeat: NodeJS.Timeout | undefined;
  /** While nobody could reach the database, nobody could extend a lease: they are given the time to do so. */
  #trustsLeasesFrom = 0;

  constructor(options: BuildWorkerOptions) {
    this.#options = options;
  }

  /** Whether it claims what there is, as far as it could see when it looked last. */
  get isClaiming(): boolean {
    return this.#accepting && this.#couldClaim;
  }

  start(): void {
    const { queue, heartbeatMs } = this.#options;
    this.#accepting = true;
    this.#stopListening = queue.onWork(() => this.#claimSoon());
    this.#heartbeat = setInterval(() => this.#beat(), heartbeatMs);
    this.#claimSoon();
  }

  /**
   * Claims nothing more, lets what is running finish for `graceMs`, and gives the rest back to the queue. Resolves when
   * nothing runs any more. May be called twice.
   */
  async stop(graceMs: number): Promise<void> {
    this.#accepting = false;
    this.#stopListening();
    const giveBack = setTimeout(() => {
      for (const { abort } of this.#running) abort.abort(new WorkerStopping());
    }, graceMs);
    await this.#claiming;
    await Promise.all([...this.#running].map(({ ended }) => ended));
    clearTimeout(giveBack);
    clearInterval(this.#heartbeat);
    await this.#logs.finish();
  }

  get #hasRoom(): boolean {
    const { slots } = this.#options;
    return this.#running.size < slots && this.#logs.count < LOGS_PER_SLOT * slots;
  }

  /** Resolves when nothing of an app is being built here any more: neither what is claimed, nor what was and has not ended. */
  async untilNotBuilding(appKey: string): Promise<void> {
    const itsOwn = [...this.#running].filter(({ claim }) => claim.appKey === appKey);
    await Promise.all(itsOwn.map(({ ended }) => ended));
  }

  #claimSoon(): void {
    if (this.#claiming !== undefined) {
      this.#wokenWhileClaiming = true;
      return;
    }
    this.#claiming = this.#fillSlots()
      .then(
        () => {
          this.#couldClaim = true;
        },
        (error: unknown) => {
          this.#couldClaim = false;
          this.#options.onError(error);
        },
      )
      .finally(() => {
        this.#claiming = undefined;
        if (this.#wokenWhileClaiming) this.#claimSoon();
      });
  }

  async #fillSlots(): Promise<void> {
    do {
      this.#wokenWhileClaiming = false;
      while (this.#accepting && this.#hasRoom) {
        const claim = await this.#options.queue.claim(this.#options.name);
        if (claim === undefined) break;
        this.#run(claim);
      }
    } while (this.#wokenWhileClaiming && this.#accepting);
  }

  #run(claim: ClaimedBuild): void {
    const abort = new AbortController();
    // A claim that came in while stopping is given back at once.
    if (!this.#accepting) abort.abort(new WorkerStopping());
    const running: Running = { claim, abort, ended: this.#runToEnd(claim, abort) };
    this.#running.add(running);
    void running.ended.then(() => {
      this.#running.delete(running);
      this.#claimSoon();
    });
  }

  /** Never rejects: whatever is thrown here is nobody's to catch. */
  async #runToEnd(claim: ClaimedBuild, abort: AbortController): Promise<void> {
    const { database, queue, metrics, buildTimeoutMs, onError } = this.#options;
    const started = performance.now();
    const stopWatching = database.onChange(`package:${claim.packageId}`, () => void this.#checkClaim(claim, abort));
    const limit = new AbortController();
    const timeout = setTimeout(() => limit.abort(timeLimit(buildTimeoutMs)), buildTimeoutMs);
    try {
      const outcome = await runBuild(this.#options, claim, {
        signal: AbortSignal.any([abort.signal, limit.signal]),
        claimSignal: abort.signal,
        closeLog: (log) => this.#logs.add(log, () => this.#claimSoon()),
      });
      metrics.observeBuild(
        outcome.kind === 'failed' ? outcome.code : outcome.kind,
        (performance.now() - started) / 1000,
      );
      if (outcome.kind === 'given-back') await insist(() => queue.giveBack(claim), abort.signal);
      if (outcome.kind === 'failed' && outcome.code === 'internal') onError(outcome.error, claim.packageId);
    } catch (error) {
      // Whoever stops cannot wait for a database that is away: the lease of the build ends by itself.
      if (!(error instanceof WorkerStopping || error instanceof ClaimLost)) onError(error, claim.packageId);
    } finally {
      clearTimeout(timeout);
      stopWatching();
    }
  }

  async #checkClaim(claim: ClaimedBuild, abort: AbortController): Promise<void> {
    try {
      const row = await findAnyPackage(this.#options.database.read, claim.packageId);
      const ours = row?.attempt === claim.attempt && (row.status === 'Building' || row.status === 'Uploading');
      if (!ours && row?.status !== 'Succeeded') abort.abort(new ClaimLost());
    } catch (error) {
      this.#options.onError(error, claim.packageId);
    }
  }

  #beat(): void {
    const { queue, heartbeatMs, onError } = this.#options;
    for (const { claim, abort } of this.#running) {
      queue.extend(claim).then((ours) => ours || abort.abort(new ClaimLost()), onError);
    }
    if (performance.now() < this.#trustsLeasesFrom) return;
    queue.recover({ everyLease: false }).then(
      () => this.#claimSoon(),
      (error: unknown) => {
        this.#trustsLeasesFrom = performance.now() + BEATS_OF_A_LEASE * heartbeatMs;
        onError(error);
      },
    );
  }
}

/** Each takes memory while it is sent, and a store that takes no logs takes no packages either. */
const LOGS_PER_SLOT = 2;
/** At least as long as a lease lasts. */
const BEATS_OF_A_LEASE = 4;

function timeLimit(timeoutMs: number): BuildFailure {
  return new BuildFailure(
    'time-limit',
    `The build took longer than ${Math.round(timeoutMs / 1000)} s and was stopped. Raise SLIPWAY_BUILD_TIMEOUT if it needs more.`,
  );
}
