import { codeOf } from '../files/file-errors.ts';
import { RepositoryError } from './repository.ts';

/** Why a process cannot be begun, by the operating system's name for it, and what helps. */
const ADVICE: Readonly<Record<string, string>> = {
  EACCES: 'let this user run it',
  EMFILE: 'too many files are open, so raise the limit of open files (LimitNOFILE, ulimit -n)',
  ENFILE: 'too many files are open on the machine, so raise fs.file-max',
  EAGAIN: 'there are too many processes, so raise their limit (TasksMax, ulimit -u)',
  ENOMEM: 'there is no memory left, so give the machine more',
};

/**
 * What it means that a program could not be started.
 *
 * @param packageName what to install when it is not there
 */
export function notStarted(program: string, packageName: string, cause: Error): RepositoryError {
  const code = String(codeOf(cause) ?? '');
  const install = code === 'ENOENT' ? `install ${packageName}` : undefined;
  const advice = install ?? ADVICE[code] ?? `the operating system says ${code || cause.message}`;
  return new RepositoryError(
    'unreachable',
    `The command ${program} cannot be started on the build server: ${advice}.`,
    {
      cause,
    },
  );
}
