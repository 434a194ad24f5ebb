import type { BlobStore, WrittenBlob } from '../blob/blob-store.ts';
import type { BuildLog, BuildLogWriter } from '../build-log/build-log.ts';
import type { Builder, BuildReport } from '../builders/builder.ts';
import { findApp } from '../database/apps.ts';
import type { Database } from '../database/database.ts';
import { findAnyPackage } from '../database/packages.ts';
import type { AppRow, PackageRow } from '../database/schema.ts';
import { blobKey } from '../domain/blob-key.ts';
import { presentBranch } from '../domain/branch-name.ts';
import type { Metrics } from '../metrics/metrics.ts';
import type { Claim } from '../queue/build-queue.ts';
import type { Repository, SourceTree } from '../repository/repository.ts';
import type { Span, Tracing } from '../tracing/tracing.ts';
import { type BuildOutcome, outcomeOf } from './build-outcome.ts';
import { traceAttempt } from './trace-attempt.ts';
import { writeFailure, writeSuccess, writeUploading } from './write-outcome.ts';

export interface RunBuildDeps {
  readonly database: Database;
  readonly blobs: BlobStore;
  readonly buildLog: BuildLog;
  readonly repositoryOf: (app: AppRow) => Repository;
  /** What an app keeps secret, by the name of the variable. */
  readonly secretsOf: (app: AppRow) => Promise<Readonly<Record<string, string>>>;
  readonly chooseBuilder: (app: AppRow, tree: SourceTree) => Builder;
  readonly metrics: Pick<Metrics, 'observePhase'>;
  readonly tracing: Tracing;
  readonly clock: () => number;
}

/** What a worker has to do with an attempt. */
export interface AttemptControl {
  /** Ends the work. Its reason decides what becomes of the build: see {@link outcomeOf}. */
  readonly signal: AbortSignal;
  /** Fires when the build is no longer this worker's, whatever it has come to. */
  readonly claimSignal: AbortSignal;
  /** Takes a log that everything has been said in. */
  readonly closeLog: (log: BuildLogWriter) => void;
}

/** What an attempt is about: the rows as they were when it was claimed. */
interface Attempt {
  readonly claim: Claim;
  readonly row: PackageRow;
  readonly app: AppRow;
  readonly log: BuildLogWriter;
  readonly report: BuildReport;
  readonly span: Span;
}

/**
 * Makes one attempt at a build, from its claim to its end, and writes that end down. Whatever happens, nothing is left
 * behind: an unfinished file is thrown away, and so is a finished one whose package did not become Succeeded.
 */
export async function runBuild(deps: RunBuildDeps, claim: Claim, control: AttemptControl): Promise<BuildOutcome> {
  const { database, buildLog } = deps;
  const row = await findAnyPackage(database.read, claim.packageId);
  const app = row === undefined ? undefined : await findApp(database.read, row.app_id);
  if (row === undefined || app === undefined || row.attempt !== claim.attempt) return { kind: 'lost' };
  const log = buildLog.open(claim.packageId, claim.attempt);
  try {
    return await traceAttempt(deps.tracing, { claim, row, app }, (span) =>
      makeAttempt(deps, { claim, row, app, log, report: {}, span }, control),
    );
  } finally {
    // Before the next attempt begins, and not its last form: that may take a while.
    await log.flush();
    control.closeLog(log);
  }
}

async function makeAttempt(deps: RunBuildDeps, attempt: Attempt, control: AttemptControl): Promise<BuildOutcome> {
  const { claim, log } = attempt;
  const { signal, claimSignal } = control;
  try {
    const written = await build(deps, attempt, signal);
    log.line(`Succeeded: ${written.sizeBytes} bytes, SHA-256 ${written.sha256}.`);
    await log.flush();
    await writeSuccess(deps, claim, { ...written, ...attempt.report }, claimSignal);
    return { kind: 'succeeded' };
  } catch (error) {
    // A signal that has fired is the cause of whatever was thrown because of it.
    const outcome = outcomeOf(signal.aborted ? signal.reason : error);
    return outcome.kind === 'failed'
      ? await fail(deps, attempt, outcome, claimSignal)
      : leave(log, outcome, claimSignal);
  }
}

async function fail(
  deps: RunBuildDeps,
  { claim, log, report }: Attempt,
  failed: Extract<BuildOutcome, { kind: 'failed' }>,
  claimSignal: AbortSignal,
): Promise<BuildOutcome> {
  log.line(`Failed: ${failed.reason}`);
  await log.flush();
  try {
    const failure = { ...failed, ...report };
    return (await writeFailure(deps, claim, failure, claimSignal)) ? failed : leave(log, { kind: 'lost' }, claimSignal);
  } catch (error) {
    if (!claimSignal.aborted) throw error;
    return leave(log, outcomeOf(claimSignal.reason), claimSignal);
  }
}

/** Says in the log why nothing more is done here. */
function leave(log: BuildLogWriter, outcome: BuildOutcome, claimSignal: AbortSignal): BuildOutcome {
  const why = claimSignal.aborted ? 'The server is stopping' : 'The database does not answer';
  if (outcome.kind === 'given-back') log.line(`${why}: the build is queued again.`);
  if (outcome.kind === 'lost') log.line('Stopped: the build was canceled, or is another worker’s now.');
  return outcome;
}

async function build(deps: RunBuildDeps, attempt: Attempt, signal: AbortSignal): Promise<WrittenBlob> {
  const { app, row, claim, log, report, span } = attempt;
  const timed = <T>(phase: Phase, work: () => Promise<T>) => time(deps, span, phase, work);
  const revision = row.revision;
  const resolved = { name: row.branch, isMainLine: row.is_main_line === 1 };
  const branch = presentBranch(resolved);
  log.line(`Building ${app.app_id} ${row.version} from ${branch} at ${revision}, attempt ${claim.attempt}.`);
  const tree = await timed('source', async () => deps.repositoryOf(app).openTree(revision, signal, resolved));
  try {
    const output = await deps.blobs.create(blobKey(claim));
    // A store that is slow, or away, keeps nobody from stopping.
    const giveUp = () => void output.abort().catch(() => undefined);
    signal.addEventListener('abort', giveUp, { once: true });
    try {
      const builder = deps.chooseBuilder(app, tree);
      const facts = {
        appKey: app.id,
        appId: app.app_id,
        branch,
        revision,
        version: row.version,
        description: row.description,
      };
      const secrets = await deps.secretsOf(app);
      await timed('package', () => builder.build({ tree, facts, output, log, secrets, report, signal }));
      signal.throwIfAborted();
      // Written while the package is stored, so that only its last line is left to be.
      void log.flush();
      await writeUploading(deps, claim, signal);
      return await timed('store', () => output.commit());
    } finally {
      signal.removeEventListener('abort', giveUp);
      await output.abort();
    }
  } finally {
    await tree.close();
  }
}

type Phase = 'source' | 'package' | 'store';

async function time<T>({ metrics }: RunBuildDeps, above: Span, phase: Phase, work: () => Promise<T>): Promise<T> {
  const started = performance.now();
  const span = above.begin(phase);
  let outcome = 'failed';
  try {
    const result = await work();
    outcome = 'succeeded';
    return result;
  } finally {
    metrics.observePhase(phase, outcome, (performance.now() - started) / 1000);
    span.end(outcome === 'failed' ? { failure: outcome } : {});
  }
}
