import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { BuildFailure } from '../../domain/failure.ts';
import type { Sandbox, SandboxLimits } from '../../sandbox/sandbox.ts';
import type { BuildFacts, BuildJob } from '../builder.ts';
import { logOutput } from '../log-output.ts';
import type { Workspace } from '../workspace.ts';
import { logProblems, modelErrors, tookTooLong } from './model-errors.ts';
import { isNative } from './mxbuild-command.ts';
import { type Order, PACKAGE_FILE } from './run-once.ts';
import { parseServiceAnswer } from './service-answer.ts';
import { ServiceFault } from './service-fault.ts';
import { copyPackage, openPackage, storePackage } from './take-package.ts';
import type { WarmMxbuild } from './warm-mxbuild.ts';
import type { WarmMxbuilds } from './warm-mxbuilds.ts';

export interface BuildWarmOptions {
  readonly warmMxbuilds: WarmMxbuilds;
  readonly sandbox: Sandbox;
  readonly limits: SandboxLimits;
}

/** Where the Node.js of this machine runs, and what it listens on is reached. */
const SANDBOXES: ReadonlySet<string> = new Set(['bubblewrap', 'none']);

/** `untouched`: the workspace is as it was. `gone`: it was used, and nothing came of it. */
export type WarmOutcome = 'built' | 'untouched' | 'gone';

/**
 * Builds with an MxBuild that is kept warm, where there may be one.
 *
 * @param workspace a project in a room of its own, where no command has ever run
 * @throws BuildFailure `model-errors`, `time-limit`; the reason of the job's signal
 */
export async function buildWarm(
  options: BuildWarmOptions,
  job: BuildJob,
  order: Order,
  workspace: Workspace,
): Promise<WarmOutcome> {
  // Service mode is documented for Mendix 7 and was seen in 11: `--host` in the newer ones only.
  if (!isNative(order.mendixVersion) || !SANDBOXES.has(options.sandbox.name)) return 'untouched';
  const late = AbortSignal.timeout(options.limits.timeMs);
  try {
    return await buildBounded(options, { ...job, signal: AbortSignal.any([job.signal, late]) }, order, workspace);
  } catch (error) {
    job.signal.throwIfAborted();
    throw late.aborted && error === late.reason ? tookTooLong(options.limits.timeMs) : error;
  }
}

async function buildBounded(
  options: BuildWarmOptions,
  job: BuildJob,
  order: Order,
  workspace: Workspace,
): Promise<WarmOutcome> {
  const { warmMxbuilds, sandbox, limits } = options;
  const { log, signal, facts } = job;
  const say = (text: string) => log.line(`mxbuild: ${text}`);
  const output = logOutput(log, Object.values(job.secrets));
  try {
    const warm = await warmMxbuilds.borrow({ ...order, ...facts }, { sandbox, limits, output, say, signal });
    if (warm === undefined) return 'untouched';
    const answer = await askAndGiveBack(warmMxbuilds, warm, job, order, workspace);
    if (answer.kind === 'package') await storePackage(answer.file, job.output);
    else throw modelErrors(answer.problems);
    return 'built';
  } catch (error) {
    if (!(error instanceof ServiceFault)) throw error;
    say(`building anew with another MxBuild, since the one that is kept did not do what it should: ${error.message}`);
    return 'gone';
  } finally {
    output.end();
  }
}

type Answer =
  | { readonly kind: 'package'; readonly file: FileHandle }
  | Extract<ReturnType<typeof parseServiceAnswer>, { kind: 'model-errors' }>;

async function askAndGiveBack(
  warmMxbuilds: WarmMxbuilds,
  warm: WarmMxbuild,
  job: BuildJob,
  order: Order,
  workspace: Workspace,
): Promise<Answer> {
  let isWell = false;
  try {
    const answer = await ask(warm, job, order, workspace);
    isWell = true;
    return answer;
  } finally {
    await warmMxbuilds.giveBack(warm, isWell);
  }
}

async function ask(
  warm: WarmMxbuild,
  { facts, log, signal }: BuildJob,
  order: Order,
  { room, folder }: Workspace,
): Promise<Answer> {
  await warm.putProject(folder);
  const { statusCode, text } = await warm.post(requestFor(warm, facts, order), signal);
  const answer = parseServiceAnswer(statusCode, text);
  if (answer.kind === 'model-errors') {
    logProblems(log, answer.problems);
    return answer;
  }
  const copy = join(room, PACKAGE_FILE);
  try {
    await copyPackage(warm.packageFile.outside, copy, signal);
    const file = await openPackage(copy, { RuntimeVersion: order.mendixVersion, ModelVersion: facts.version });
    return { kind: 'package', file };
  } catch (error) {
    if (!(error instanceof BuildFailure)) throw error;
    throw new ServiceFault(error.message, { cause: error });
  }
}

/**
 * Source: the part on service mode in Mendix's page on MxBuild. A full deployment: nothing of a build before is to be in
 * a package.
 */
function requestFor({ projectFolder, packageFile }: WarmMxbuild, facts: BuildFacts, { project }: Order): object {
  return {
    target: 'Package',
    projectFilePath: join(projectFolder, project),
    mdaFilePath: packageFile.inside,
    useLooseVersionCheck: false,
    forceFullDeployment: true,
    modelVersion: facts.version,
    modelDescription: facts.description,
  };
}
