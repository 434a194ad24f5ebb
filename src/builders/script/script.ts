import { redactText } from '../../build-log/redact.ts';
import { BuildFailure } from '../../domain/failure.ts';
import { quote } from '../../domain/refusal.ts';
import type { MemberCache } from '../../packaging/member-cache/member-cache.ts';
import type { SourceTree } from '../../repository/repository.ts';
import type { FoundSandbox } from '../../sandbox/open-sandbox.ts';
import type { Sandbox, SandboxLimits } from '../../sandbox/sandbox.ts';
import type { Builder, BuildJob } from '../builder.ts';
import { type LogOutput, logOutput } from '../log-output.ts';
import { makeWorkspace } from '../workspace.ts';
import { BUILD_FILE, type BuildPlan } from './build-file.ts';
import { parseBuildFile } from './parse-build-file.ts';
import type { ScriptCaches } from './script-caches.ts';
import { stepEnvironment } from './step-environment.ts';
import { writeScriptPackage } from './write-script-package.ts';

export interface ScriptOptions {
  readonly findSandbox: () => Promise<FoundSandbox>;
  readonly limits: Omit<SandboxLimits, 'timeMs'>;
  readonly caches: ScriptCaches;
  /** Members of packages. */
  readonly cache: MemberCache;
  /** An existing folder that is emptied when the server starts. */
  readonly temporaryFolder: string;
  /** Where commands without a `PATH` of their own are looked for. */
  readonly path: string;
  /** Toolchains that commands may read. */
  readonly readOnly: readonly string[];
}

const LARGEST_BUILD_FILE_BYTES = 256 * 1024;
/** The time limit of the whole build comes first. */
const NO_TIME_LIMIT_MS = 2 ** 31 - 1;

/** Builds what says in `slipway.yml` how: the package is what its commands leave behind. */
export function scriptBuilder(options: ScriptOptions): Builder {
  return { name: 'script', build: (job) => build(options, job) };
}

async function build(options: ScriptOptions, job: BuildJob): Promise<void> {
  const { tree, log, signal } = job;
  signal.throwIfAborted();
  const plan = parseBuildFile(await readBuildFile(tree, signal));
  const found = await options.findSandbox();
  if ('missing' in found) throw new BuildFailure('no-sandbox', found.missing);
  const { sandbox } = found;
  if (plan.image !== undefined && sandbox.imageRefusal !== undefined) {
    throw new BuildFailure('build-file', sandbox.imageRefusal);
  }
  if (plan.network && sandbox.networkRefusal !== undefined) {
    throw new BuildFailure('no-sandbox', sandbox.networkRefusal);
  }
  const workspace = await makeWorkspace(tree, options.temporaryFolder, signal);
  try {
    log.line(`script: workspace ready, sandbox ${sandbox.name}`);
    const { appKey, branch } = job.facts;
    const userId = sandbox.name === 'container' ? undefined : process.getuid?.();
    await options.caches.take({ appKey, branch }, workspace.folder, plan.cache, userId);
    try {
      await runSteps(options, job, plan, sandbox, workspace.room);
      const text = await writeScriptPackage({
        ...options,
        workspace: workspace.folder,
        wanted: plan.package,
        committedAt: tree.committedAt,
        mostBytes: options.limits.diskBytes,
        facts: { ...job.facts, builder: 'script' },
        output: job.output,
        appKey,
        signal,
      });
      log.line(`script: the package holds ${redactText(text, Object.values(job.secrets))}`);
    } catch (error) {
      if (ranToItsEnd(error)) await keepCaches(options, job, plan, workspace.folder);
      throw error instanceof BuildFailure ? withoutSecrets(error, job) : error;
    }
    await keepCaches(options, job, plan, workspace.folder);
  } finally {
    await workspace.remove();
  }
}

/** A command may have made a file or a link of what it knows. */
function withoutSecrets({ code, message, cause, problems }: BuildFailure, { secrets }: BuildJob): BuildFailure {
  return new BuildFailure(code, redactText(message, Object.values(secrets)), { cause, problems });
}

/** Of a command that was killed nobody knows what it has left half written. */
function ranToItsEnd(error: unknown): boolean {
  return error instanceof BuildFailure && (error.code === 'step-failed' || error.code === 'package-unusable');
}

/** That a cache cannot be kept, or another build keeps it at this moment, is no reason to fail. */
async function keepCaches({ caches }: ScriptOptions, job: BuildJob, plan: BuildPlan, folder: string): Promise<void> {
  const { facts, log, signal } = job;
  try {
    await caches.keep({ appKey: facts.appKey, branch: facts.branch }, folder, plan.cache, signal);
  } catch (error) {
    signal.throwIfAborted();
    const why = error instanceof Error && 'code' in error ? String(error.code) : 'an unexpected error';
    log.line(`script: the caches were not kept for the next build (${why})`);
  }
}

async function readBuildFile(tree: SourceTree, signal: AbortSignal): Promise<string> {
  const file = tree.files.find(({ path }) => path === BUILD_FILE);
  if (file === undefined || file.mode === 'symlink') {
    throw new BuildFailure('build-file', `The revision has no file '${BUILD_FILE}' at its root: add one.`);
  }
  for await (const { sizeBytes, bytes } of tree.read([file], signal)) {
    if (sizeBytes > LARGEST_BUILD_FILE_BYTES || !(bytes instanceof Uint8Array)) break;
    return Buffer.from(bytes).toString();
  }
  throw new BuildFailure('build-file', `'${BUILD_FILE}' is larger than ${LARGEST_BUILD_FILE_BYTES} bytes.`);
}

async function runSteps(
  options: ScriptOptions,
  job: BuildJob,
  plan: BuildPlan,
  sandbox: Sandbox,
  room: string,
): Promise<void> {
  const deadline = performance.now() + (plan.timeoutMs ?? NO_TIME_LIMIT_MS);
  const path = sandbox.hasOwnPrograms ? undefined : options.path;
  const environment = stepEnvironment(job, plan, sandbox.placesIn(room), path);
  for (const [at, step] of plan.steps.entries()) {
    job.log.line(`script: step ${at + 1} of ${plan.steps.length}, ${quote(step.name)}`);
    const output = logOutput(job.log, Object.values(job.secrets));
    const timeMs = Math.max(1, Math.min(NO_TIME_LIMIT_MS, deadline - performance.now()));
    await runStep(sandbox, step, output, {
      room,
      environment,
      image: plan.image,
      network: plan.network,
      readOnly: options.readOnly,
      writable: [],
      limits: { ...options.limits, timeMs },
      signal: job.signal,
    });
    job.log.line(`script: step ${quote(step.name)} ended with exit code 0`);
  }
}

type StepCommand = Omit<Parameters<Sandbox['run']>[0], 'argv' | 'onOutput'>;

async function runStep(
  sandbox: Sandbox,
  { name, run }: BuildPlan['steps'][number],
  output: LogOutput,
  command: StepCommand,
): Promise<void> {
  try {
    const onOutput = (chunk: Uint8Array) => output.write(chunk);
    const outcome = await sandbox.run({ ...command, argv: ['sh', '-e', '-c', run], onOutput });
    if (outcome.kind === 'exited' && outcome.code === 0) return;
    const step = `The step ${quote(name)} of slipway.yml`;
    if (outcome.kind === 'exited')
      throw new BuildFailure('step-failed', `${step} ended with exit code ${outcome.code}.`);
    if (outcome.limit === 'time')
      throw new BuildFailure('time-limit', `${step} took longer than its 'timeout' allows.`);
    throw new BuildFailure('over-limit', `${step} wrote more to the disk than one build may.`);
  } finally {
    output.end();
  }
}
