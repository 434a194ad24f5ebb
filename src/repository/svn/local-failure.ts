import { RepositoryError } from '../repository.ts';
import type { ProgramOutcome } from '../run-program.ts';

/** A command on a working copy failed, which only a damaged folder or machine explains. */
export function localFailure(outcome: ProgramOutcome, what: string): RepositoryError {
  const cause = new Error(`svn exited with ${outcome.code ?? 'a signal'}: ${outcome.stderr.trim()}`);
  const message = `The working copy of the repository cannot be used to ${what}.`;
  return new RepositoryError('unreadable', message, { cause });
}
