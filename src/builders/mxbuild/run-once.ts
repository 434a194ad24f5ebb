import { join } from 'node:path';
import { BuildFailure } from '../../domain/failure.ts';
import type { Problem } from '../../protocol/package.ts';
import type { RoomPlaces, Sandbox, SandboxLimits, SandboxOutcome } from '../../sandbox/sandbox.ts';
import type { BuildFacts, BuildJob } from '../builder.ts';
import { logOutput } from '../log-output.ts';
import { openBuiltFile } from './built-file.ts';
import { logProblems, modelErrors, tookTooLong } from './model-errors.ts';
import { type MxbuildProgram, mxbuildCommand, mxbuildEnvironment } from './mxbuild-command.ts';
import { parseProblems } from './problems.ts';

/** What is to be built, and by what. */
export interface Order extends MxbuildProgram {
  /** Path of the project file in the workspace. */
  readonly project: string;
}

/** In a room's `tmp`: MxBuild writes its package there. */
export const PACKAGE_FILE = 'package.mda';
const PROBLEMS_FILE = 'problems.json';
const MOST_PROBLEM_BYTES = 16 * 1024 * 1024;

/**
 * One build by the command line of MxBuild.
 *
 * @param room whose `workspace` is the project
 * @throws BuildFailure `model-errors` with the problems, `builder-failed`, `over-limit`, `time-limit`
 */
export async function runOnce(
  { sandbox, limits }: { readonly sandbox: Sandbox; readonly limits: SandboxLimits },
  job: BuildJob,
  order: Order,
  room: string,
): Promise<void> {
  const places = sandbox.placesIn(room);
  const output = logOutput(job.log, Object.values(job.secrets));
  const outcome = await sandbox.run({
    argv: [...mxbuildCommand(order), ...argumentsOf(order, job.facts, places)],
    room,
    environment: mxbuildEnvironment(order, places),
    network: false,
    readOnly: [order.toolchain, order.javaHome],
    writable: [],
    limits,
    onOutput: (chunk) => output.write(chunk),
    signal: job.signal,
  });
  output.end();
  if (outcome.kind === 'exited' && outcome.code === 0) return;
  const problems = await readProblems(join(room, 'tmp', PROBLEMS_FILE));
  logProblems(job.log, problems);
  throw failureOf(outcome, problems, limits);
}

/** Options come before the project file. */
function argumentsOf({ project }: Order, facts: BuildFacts, { workspace, tmp }: RoomPlaces): readonly string[] {
  return [
    '--target=package',
    `--output=${join(tmp, PACKAGE_FILE)}`,
    `--model-version=${facts.version}`,
    `--model-description=${facts.description}`,
    `--write-errors=${join(tmp, PROBLEMS_FILE)}`,
    join(workspace, project),
  ];
}

/** The file is there only when the model has errors. */
async function readProblems(path: string): Promise<readonly Problem[]> {
  const file = await openBuiltFile(path);
  if (file === undefined) return [];
  try {
    const { size } = await file.stat();
    return size > MOST_PROBLEM_BYTES ? [] : parseProblems(await file.readFile('utf8'));
  } finally {
    await file.close();
  }
}

function failureOf(outcome: SandboxOutcome, problems: readonly Problem[], limits: SandboxLimits): BuildFailure {
  if (outcome.kind === 'over-limit') {
    if (outcome.limit === 'time') return tookTooLong(limits.timeMs);
    return new BuildFailure('over-limit', 'MxBuild wrote more to the disk than one build may.');
  }
  if (problems.length > 0) return modelErrors(problems);
  const meaning = EXIT_CODES[outcome.code] ?? 'which it has no meaning for';
  return new BuildFailure('builder-failed', `MxBuild ended with exit code ${outcome.code}, ${meaning}: see the log.`);
}

/** From the page on MxBuild of Mendix's documentation. */
const EXIT_CODES: Readonly<Record<number, string>> = {
  1: 'an internal error of its own',
  2: 'options that it does not take',
  3: 'errors in the model',
};
