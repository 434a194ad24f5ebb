import { notStarted } from '../not-started.ts';
import { RepositoryError } from '../repository.ts';
import { runProgram } from '../run-program.ts';
import type { SampleEnvironment } from './sample.ts';

export interface SampleRun {
  readonly program: 'git' | 'svnadmin';
  readonly args: readonly string[];
  readonly input?: string;
}

const TIMEOUT_MS = 10_000;

/**
 * Runs a program that makes a sample, without any configuration of the user's.
 *
 * @returns standard output
 * @throws RepositoryError when it cannot be started or fails
 */
export async function runSampleProgram(
  { path, home }: SampleEnvironment,
  { program, args, input }: SampleRun,
  signal: AbortSignal,
): Promise<string> {
  const noConfiguration = { GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1' };
  const { code, stdout, stderr } = await runProgram({
    program,
    args,
    folder: '/',
    environment: { PATH: path, HOME: home, LC_ALL: 'C.UTF-8', ...noConfiguration },
    input,
    timeoutMs: TIMEOUT_MS,
    signal,
    notStarted: (cause) => notStarted(program, program === 'git' ? 'git' : 'subversion', cause),
  });
  if (code === 0) return stdout;
  throw new RepositoryError('refused', `${program} ${args.join(' ')} failed: ${stderr.trim()}`);
}
