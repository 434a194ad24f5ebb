import type { BuildLogWriter } from '../../build-log/build-log.ts';
import { BuildFailure } from '../../domain/failure.ts';
import type { Problem } from '../../protocol/package.ts';
import { formatProblem } from './problems.ts';

export function logProblems(log: BuildLogWriter, problems: readonly Problem[]): void {
  for (const problem of problems) log.line(`mxbuild: ${formatProblem(problem)}`);
}

/** The failure of a build whose model has problems: at least one. */
export function modelErrors(problems: readonly Problem[]): BuildFailure {
  return new BuildFailure('model-errors', summarize(problems), { problems });
}

function summarize(problems: readonly Problem[]): string {
  const errors = problems.filter(({ Severity }) => Severity === 'Error');
  const [first] = errors.length > 0 ? errors : problems;
  const more = (errors.length || problems.length) - 1;
  const rest = more > 0 ? ` (and ${more} more)` : '';
  return `The model has errors${rest}. ${first === undefined ? '' : formatProblem(first)}`.trim();
}

export function tookTooLong(timeMs: number): BuildFailure {
  return new BuildFailure('time-limit', `MxBuild took longer than ${Math.round(timeMs / 1000)} s and was stopped.`);
}
