import { notStarted } from '../not-started.ts';
import { type ProgramOutcome, runProgram } from '../run-program.ts';
import { GIT_OPTIONS, type GitSettings, gitEnvironment } from './git-settings.ts';

export interface GitRun {
  readonly args: readonly string[];
  /** The mirror the command works on; without one it works outside any repository. */
  readonly gitDir?: string;
  readonly input?: string | Uint8Array;
  readonly environment?: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** Takes standard output as it comes; then `stdout` of the outcome is empty. */
  readonly onOutput?: (chunk: Buffer) => void;
  /** Told the process id, which is also the id of its process group. */
  readonly onStart?: (pid: number) => void;
}

export type GitOutcome = ProgramOutcome;

/**
 * Runs one git command to its end: see {@link runProgram}.
 *
 * @returns the outcome, whatever the exit code; the reason of `signal` is thrown when it fires
 */
export async function runGit(settings: GitSettings, run: GitRun): Promise<GitOutcome> {
  return await runProgram({
    ...run,
    program: 'git',
    args: [...GIT_OPTIONS, ...run.args],
    folder: run.gitDir ?? '/',
    environment: {
      ...gitEnvironment(settings),
      ...(run.gitDir === undefined ? { GIT_CEILING_DIRECTORIES: '/' } : { GIT_DIR: run.gitDir }),
      ...run.environment,
    },
    notStarted: (cause) => notStarted('git', 'git', cause),
  });
}
