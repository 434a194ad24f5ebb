import { setTimeout } from 'node:timers/promises';
import type { Database } from '../database/database.ts';
import { endJob, findStartUnderWay, listJobsUnderWay } from '../database/deployment-jobs.ts';
import { keepDeployedSettings } from '../database/environment-settings.ts';
import { findEnvironmentById, updateEnvironment } from '../database/environments.ts';
import type { DeploymentJobRow, EnvironmentRow } from '../database/schema.ts';
import type { TargetKind } from '../protocol/environments.ts';
import type { ErrorCode } from '../protocol/error-codes.ts';
import { type BindTargetOptions, type BoundTarget, bindTarget } from './bound-target.ts';
import { DeploymentFailure, type DeploymentTarget } from './deployment-target.ts';
import { Turns } from './turns.ts';

export interface DeploymentsOptions extends BindTargetOptions {
  readonly database: Database;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  readonly onError: (error: unknown) => void;
  /** How long after the database could not be used it is tried again. */
  readonly retryMs?: number;
}

/**
 * What is being done to environments: one thing at a time to each, and the starts, which go on after their call was
 * answered. A start is written down before it begins. One that this process does not end is begun again by the next.
 */
export class Deployments {
  readonly #options: DeploymentsOptions;
  readonly #turns = new Turns();
  readonly #stopping = new AbortController();
  readonly #closing = new AbortController();
  /** The starts that run or wait for their turn. */
  readonly #starts = new Set<UnderWay>();

  constructor(options: DeploymentsOptions) {
    this.#options = options;
  }

  /** Does something to an environment that a caller waits for, when what is being done to it has ended. */
  async inTurn<T>(environmentId: string, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const signal = AbortSignal.any([this.#stopping.signal, this.#closing.signal]);
    return await this.#turns.run(environmentId, () => work(signal));
  }

  /** The same for what no caller waits for: {@link endCalls} lets it go on. */
  async inTurnUnattended<T>(environmentId: string, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    return await this.#turns.run(environmentId, () => work(this.#stopping.signal));
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
    if (this.#stopping.signal.aborted) return;
    const underWay = this.#enter(job);
    const signal = AbortSignal.any([underWay.cut.signal, this.#stopping.signal]);
    this.#turns
      .run(job.environment_id, () => this.#perform(job, signal))
      .catch((error: unknown) => {
        if (!signal.aborted) this.#options.onError(error);
      })
      .finally(underWay.leave);
  }

  /**
   * Performs a start that was written down, in the turn that the caller has.
   *
   * @returns why it failed; `cut` where somebody stopped it, who writes that down
   * @throws the reason of the signal; an Error that the target did not foresee, after the job has failed
   */
  async start(job: DeploymentJobRow, signal: AbortSignal): Promise<JobFailure | 'cut' | undefined> {
    const underWay = this.#enter(job);
    const { cut } = underWay;
    try {
      return await this.#perform(job, AbortSignal.any([cut.signal, signal, this.#stopping.signal]));
    } catch (error) {
      signal.throwIfAborted();
      if (cut.signal.aborted) return 'cut';
      throw error;
    } finally {
      underWay.leave();
    }
  }

  /** Makes the start of an environment give up. That it has ended is for the caller to write down, in its own turn. */
  cutStart(environmentId: string): void {
    for (const start of this.#starts) if (start.environmentId === environmentId) start.cut.abort();
  }

  /**
   * Puts in order what the process before left: starts begin again, and transports, whose callers never had an answer,
   * have failed.
   */
  async resume(): Promise<void> {
    const { database, clock } = this.#options;
    for (const job of await listJobsUnderWay(database.read)) {
      if (job.kind === 'start') this.run(job);
      else await database.transaction((queries) => endJob(queries, job.id, { at: clock(), failure: CUT_OFF }));
    }
  }

  /** Cuts off what runs; starts that have not ended stay under way. Resolves when nothing runs any more. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.all([...this.#starts].map(({ ended }) => ended));
  }

  #enter({ environment_id: environmentId }: DeploymentJobRow) {
    const { promise: ended, resolve } = Promise.withResolvers<void>();
    const start: UnderWay = { environmentId, cut: new AbortController(), ended };
    this.#starts.add(start);
    const leave = () => {
      this.#starts.delete(start);
      resolve();
    };
    return { cut: start.cut, leave };
  }

  /** @returns why it failed */
  async #perform(job: DeploymentJobRow, signal: AbortSignal): Promise<JobFailure | undefined> {
    signal.throwIfAborted();
    const environment = await this.#insist(signal, () => this.#findPlace(job));
    if (environment === undefined) return undefined;
    const order = { id: job.id, packageId: job.package_id, autoSyncDb: job.auto_sync_db === 1 };
    try {
      await this.targetOf(environment).start(order, signal);
    } catch (error) {
      signal.throwIfAborted();
      const failure = startFailure(error);
      const nothingRuns = error instanceof DeploymentFailure && error.nothingRuns;
      await this.#end(job, { failure, ...(nothingRuns && { now: NOTHING_RUNS }) });
      if (!(error instanceof DeploymentFailure)) throw error;
      return failure;
    }
    await this.#end(job, { now: { status: 'Running', running_package_id: job.package_id } });
    return undefined;
  }

  /** @returns where a start happens; undefined where whoever had the turn before has ended it */
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
        this.#options.onError(error);
        await setTimeout(this.#options.retryMs ?? RETRY_MS, undefined, { signal });
      }
    }
  }

  async #end(job: DeploymentJobRow, end: StartEnd): Promise<void> {
    await this.#insist(this.#stopping.signal, () => this.#writeEnd(job, end));
  }

  async #writeEnd(job: DeploymentJobRow, { failure, now }: StartEnd): Promise<void> {
    const { database, clock } = this.#options;
    await database.transactionInReserve(async (queries) => {
      const ended = await endJob(queries, job.id, { at: clock(), ...(failure !== undefined && { failure }) });
      if (!ended) return;
      if (now !== undefined) await updateEnvironment(queries, job.environment_id, now);
      if (failure === undefined) await keepDeployedSettings(queries, job.environment_id);
    });
  }
}

const RETRY_MS = 5_000;

interface UnderWay {
  readonly environmentId: string;
  readonly cut: AbortController;
  readonly ended: Promise<void>;
}

interface StartEnd {
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
