import { join } from 'node:path';
import { BuildFailure } from '../../domain/failure.ts';
import { isAtLeast, type MendixVersion } from '../../domain/mendix-version.ts';
import type { Problem } from '../../protocol/package.ts';
import type { RoomPlaces, Sandbox, SandboxLimits, SandboxOutcome } from '../../sandbox/sandbox.ts';
import type { BuildFacts, BuildJob } from '../builder.ts';
import { logOutput } from '../log-output.ts';
import { openBuiltFile } from './built-file.ts';
import { formatProblem, parseProblems } from './problems.ts';

/** One build by the command line of MxBuild. */
export interface Order {
  readonly room: string;
  /** Path of the project file in the workspace. */
  readonly project: string;
  readonly mendixVersion: MendixVersion;
  /** Folder of the MxBuild. */
  readonly toolchain: string;
  readonly javaHome: string;
}

/** In the room's `tmp`: MxBuild writes its package there. */
export const PACKAGE_FILE = 'package.mda';
const PROBLEMS_FILE = 'problems.json';
const MOST_PROBLEM_BYTES = 16 * 1024 * 1024;
const PATH = '/usr/local/bin:/usr/bin:/bin';
/** From which on MxBuild is a program of its own; before, it runs on Mono (docker-mendix-buildpack, `build.py`). */
const FIRST_NATIVE = '9.22';

/** @throws BuildFailure `model-errors` with the problems, `builder-failed`, `over-limit`, `time-limit` */
export async function runOnce(
  { sandbox, limits }: { readonly sandbox: Sandbox; readonly limits: SandboxLimits },
  job: BuildJob,
  order: Order,
): Promise<void> {
  const places = sandbox.placesIn(order.room);
  const output = logOutput(job.log, Object.values(job.secrets));
  const outcome = await sandbox.run({
    argv: [...programOf(order), ...argumentsOf(order, job.facts, places)],
    room: order.room,
    environment: { PATH, HOME: places.home, TMPDIR: places.tmp, LANG: 'C.UTF-8', JAVA_HOME: order.javaHome },
    network: false,
    readOnly: [order.toolchain, order.javaHome],
    writable: [],
    limits,
    onOutput: (chunk) => output.write(chunk),
    signal: job.signal,
  });
  output.end();
  if (outcome.kind === 'exited' && outcome.code === 0) return;
  const problems = await readProblems(join(order.room, 'tmp', PROBLEMS_FILE));
  for (const problem of problems) job.log.line(`mxbuild: ${formatProblem(problem)}`);
  throw failureOf(outcome, problems, limits);
}

function programOf({ mendixVersion, toolchain }: Order): readonly [string, ...string[]] {
  const modeler = join(toolchain, 'modeler');
  const isNative = isAtLeast(mendixVersion, FIRST_NATIVE);
  return isNative ? [join(modeler, 'mxbuild')] : ['mono', join(modeler, 'mxbuild.exe')];
}

/** Options come before the project file; both of Java's are required. */
function argumentsOf(
  { javaHome, project }: Order,
  facts: BuildFacts,
  { workspace, tmp }: RoomPlaces,
): readonly string[] {
  return [
    `--java-home=${javaHome}`,
    `--java-exe-path=${join(javaHome, 'bin', 'java')}`,
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
    return outcome.limit === 'time'
      ? new BuildFailure(
          'time-limit',
          `MxBuild took longer than ${Math.round(limits.timeMs / 1000)} s and was stopped.`,
        )
      : new BuildFailure('over-limit', 'MxBuild wrote more to the disk than one build may.');
  }
  if (problems.length > 0) return new BuildFailure('model-errors', summarize(problems), { problems });
  const meaning = EXIT_CODES[outcome.code] ?? 'which it has no meaning for';
  return new BuildFailure('builder-failed', `MxBuild ended with exit code ${outcome.code}, ${meaning}: see the log.`);
}

/** From the page on MxBuild of Mendix's documentation. */
const EXIT_CODES: Readonly<Record<number, string>> = {
  1: 'an internal error of its own',
  2: 'options that it does not take',
  3: 'errors in the model',
};

function summarize(problems: readonly Problem[]): string {
  const errors = problems.filter(({ Severity }) => Severity === 'Error');
  const [first] = errors.length > 0 ? errors : problems;
  const more = (errors.length || problems.length) - 1;
  const rest = more > 0 ? ` (and ${more} more)` : '';
  return `The model has errors${rest}. ${first === undefined ? '' : formatProblem(first)}`.trim();
}
