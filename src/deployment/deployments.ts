import { setTimeout } from 'node:timers/promises';
import { noteChange } from '../database/change-notices.ts';
import type { Database } from '../database/database.ts';
import { endJob, findStartUnderWay, listAbandonedJobs } from '../database/deployment-jobs.ts';
import { forgetOrders } from '../database/deployment-orders.ts';
import { keepDeployedSettings } from '../database/environment-settings.ts';
import { findEnvironmentById, updateEnvironment } from '../database/environments.ts';
import { LeaseLost } from '../database/fence.ts';
import type { DeploymentJobRow, EnvironmentRow } from '../database/schema.ts';
import type { TargetKind } from '../protocol/environments.ts';
import type { ErrorCode } from '../protocol/error-codes.ts';
import { type BindTargetOptions, type BoundTarget, bindTarget } from './bound-target.ts';
import { DeploymentFailure, type DeploymentTarget } from './deployment-target.ts';
import { inLeasedTurn, type Turn } from './leased-turn.ts';
import { Turns } from './turns.ts';

export interface DeploymentsOptions extends BindTargetOptions {
  readonly database: Database;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  /** Where other servers share the database: whoever has been away for so long has lost its turns. */
  readonly leaseMs?: number | undefined;
  readonly onError: (error: unknown) => void;
  /** How long after the database could not be used it is tried again. */
  readonly retryMs?: number;
}

/**
 * What is being done to environments: one thing at a time to each, on all servers that share the database, and the
 * starts, which go on after their call was answered. A start is written down before it begins. One that its process does
 * not end is begun again by the next, or by another server.
 */
export class Deployments {
  readonly #options: DeploymentsOptions;
  readonly #turns = new Turns();
  readonly #stopping = new AbortController();
  readonly #closing = new AbortController();
  /** The jobs that run or wait for their turn. */
  readonly #jobs = new Set<UnderWay>();

  constructor(options: DeploymentsOptions) {
    this.#options = options;
  }

  /**
   * Does something to an environment that a caller waits for, when what is being done to it has ended.
   *
   * @throws what the work throws; Refusal SHUTTING_DOWN, and NOT_READY where the turn was lost: see `leased-turn.ts`
   */
  async inTurn<T>(environmentId: string, work: (turn: Turn) => Promise<T>): Promise<T> {
    return await this.inTurnUnattended(environmentId, this.#closing.signal, work);
  }

  /** The same for what no caller waits for: {@link endCalls} lets it go on, and a signal of its own ends it. */
  async inTurnUnattended<T>(environmentId: string, signal: AbortSignal, work: (turn: Turn) => Promise<T>): Promise<T> {
    const { database, clock, leaseMs } = this.#options;
    const either = AbortSignal.any([signal, this.#stopping.signal]);
    return await this.#turns.run(environmentId, () => {
      // Where nobody shares the database, no other process has turns.
      if (leaseMs === undefined) return work({ signal: either, database });
      return inLeasedTurn({ database, clock, leaseMs }, environmentId, either, work);
    });
  }

  /** Cuts off what callers wait for, while there still is a connection for the answer. */
  endCalls(): void {
    this.#closing.abort();
  }

  /** What really deploys to an environment; to be asked in its turn. */
  targetOf(environment: EnvironmentRow): BoundTarget {
    return bindTarget(this.#options, environment);
  }

  /** What reads and shows the options of environments with a target. */
  optionsOf(kind: TargetKind): Pick<DeploymentTarget, 'parseOptions' | 'presentOptions'> {
    return this.#options.targets[kind];
  }

  /** Begins a start that was written down. */
  run(job: DeploymentJobRow): void {
    const { signal } = this.#stopping;
    if (signal.aborted) return;
    const leave = this.#enter(job);
    this.inTurnUnattended(job.environment_id, signal, (turn) => this.#perform(job, turn))
      .catch((error: unknown) => {
        if (!signal.aborted) this.#options.onError(error);
      })
      .finally(leave);
  }

  /**
   * Performs a start that was written down, in the turn that the caller has.
   *
   * @returns why it failed; `cut` where somebody has ended it meanwhile
   * @throws the reason of the signal; an Error that the target did not foresee, after the job has failed
   */
  async start(job: DeploymentJobRow, turn: Turn): Promise<JobFailure | 'cut' | undefined> {
    const leave = this.#enter(job);
    try {
      return await this.#perform(job, turn);
    } finally {
      leave();
    }
  }

  /** Ends the start of an environment as failed, if there is one: whoever performs it gives up. */
  async cutStart(environmentId: string, failure: JobFailure): Promise<void> {
    const { database, clock } = this.#options;
    if ((await findStartUnderWay(database.read, environmentId)) === undefined) return;
    await database.transactionInReserve(async (queries) => {
      const start = await findStartUnderWay(queries, environmentId);
      if (start === undefined) return;
      await endJob(queries, start.id, { at: clock(), failure });
      noteChange(queries, `environment:${environmentId}`);
    });
  }

  /**
   * Goes on with what processes left that are no more: starts begin again, and transports, whose callers never had an
   * answer, have failed.
   */
  async resume(): Promise<void> {
    const { database, clock } = this.#options;
    for (const job of await listAbandonedJobs(database.read, clock())) {
      if (![...this.#jobs].some(({ id }) => id === job.id)) this.run(job);
    }
  }

  /** Cuts off what runs; starts that have not ended stay under way. Resolves when nothing runs any more. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.all([...this.#jobs].map(({ ended }) => ended));
  }

  /** @returns how to leave */
  #enter({ id }: DeploymentJobRow): () => void {
    const { promise: ended, resolve } = Promise.withResolvers<void>();
    const job: UnderWay = { id, ended };
    this.#jobs.add(job);
    return () => {
      this.#jobs.delete(job);
      resolve();
    };
  }

  async #perform(job: DeploymentJobRow, turn: Turn): Promise<JobFailure | 'cut' | undefined> {
    turn.signal.throwIfAborted();
    // Whoever performs a transport has had the turn from its beginning to its end.
    if (job.kind === 'transport') return (await this.#end(job, turn, { failure: CUT_OFF })) ? CUT_OFF : 'cut';
    const cut = new AbortController();
    const stopWatching = this.#watch(job, turn, cut);
    try {
      return await this.#performStart(job, turn, cut.signal);
    } finally {
      stopWatching();
    }
  }

  async #performStart(job: DeploymentJobRow, turn: Turn, cut: AbortSignal): Promise<JobFailure | 'cut' | undefined> {
    const environment = await this.#insist(turn.signal, () => this.#findPlace(job));
    if (environment === undefined) return 'cut';
    const order = { id: job.id, packageId: job.package_id, autoSyncDb: job.auto_sync_db === 1 };
    try {
      await this.targetOf(environment).start(order, AbortSignal.any([turn.signal, cut]));
    } catch (error) {
      turn.signal.throwIfAborted();
      if (cut.aborted) return 'cut';
      const failure = startFailure(error);
      const nothingRuns = error instanceof DeploymentFailure && error.nothingRuns;
      const ended = await this.#end(job, turn, { failure, ...(nothingRuns && { now: NOTHING_RUNS }) });
      if (!(error instanceof DeploymentFailure)) throw error;
      return ended ? failure : 'cut';
    }
    const now = { status: 'Running', running_package_id: job.package_id } as const;
    return (await this.#end(job, turn, { now })) ? undefined : 'cut';
  }

  /** Cuts a start that somebody has ended meanwhile, on whatever server. @returns how to stop */
  #watch(job: DeploymentJobRow, { signal, database }: Turn, cut: AbortController): () => void {
    const look = async () => {
      if ((await this.#insist(signal, () => this.#findPlace(job))) === undefined) cut.abort();
    };
    // What it throws is the reason of the signal, which has cut the start already.
    return database.onChange(`environment:${job.environment_id}`, () => void look().catch(() => undefined));
  }

  /** @returns where a start happens; undefined where somebody has ended it */
  async #findPlace({ id, environment_id }: DeploymentJobRow): Promise<EnvironmentRow | undefined> {
    const { read } = this.#options.database;
    const underWay = await findStartUnderWay(read, environment_id);
    return underWay?.id === id ? await findEnvironmentById(read, environment_id) : undefined;
  }

  /** Goes on trying: the database may be of no use for a while, and a job must not stay under way for ever. */
  async #insist<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await work();
      } catch (error) {
        if (error instanceof LeaseLost) throw error;
        this.#options.onError(error);
        await setTimeout(this.#options.retryMs ?? RETRY_MS, undefined, { signal });
      }
    }
  }

  /** @returns false when somebody has ended it before */
  async #end(job: DeploymentJobRow, { database, signal }: Turn, { failure, now }: JobOutcome): Promise<boolean> {
    return await this.#insist(signal, () =>
      database.transactionInReserve(async (queries) => {
        if (job.kind === 'transport') await forgetOrders(queries, job.environment_id);
        const ended = await endJob(queries, job.id, {
          at: this.#options.clock(),
          ...(failure !== undefined && { failure }),
        });
        if (!ended) return false;
        if (now !== undefined) await updateEnvironment(queries, job.environment_id, now);
        if (failure === undefined) await keepDeployedSettings(queries, job.environment_id);
        return true;
      }),
    );
  }
}

const RETRY_MS = 5_000;

interface UnderWay {
  readonly id: string;
  readonly ended: Promise<void>;
}

interface JobOutcome {
  readonly failure?: JobFailure;
  /** What runs then; undefined for what ran before. */
  readonly now?: Pick<EnvironmentRow, 'status' | 'running_package_id'>;
}

const NOTHING_RUNS = { status: 'Stopped', running_package_id: null } as const;

export interface JobFailure {
  readonly code: ErrorCode;
  readonly message: string;
}

const CUT_OFF: JobFailure = { code: 'TRANSPORT_FAILED', message: 'The server ended meanwhile: transport it again.' };

function startFailure(error: unknown): JobFailure {
  if (!(error instanceof DeploymentFailure)) {
    return { code: 'START_FAILED', message: 'Cannot start app: an unexpected error, which is in the server log.' };
  }
  return { code: error.code ?? 'START_FAILED', message: `Cannot start app: ${error.message}` };
}
