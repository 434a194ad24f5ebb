import { Refusal } from '../domain/refusal.ts';

/**
 * The database could not be reached, or was lost on the way: nobody can know more at this moment. What was asked for was
 * not written, unless `mayBeWritten` says that only the answer to the commit is missing.
 */
export class DatabaseUnavailable extends Refusal {
  readonly mayBeWritten: boolean;

  constructor(cause: unknown, { mayBeWritten = false }: { readonly mayBeWritten?: boolean } = {}) {
    super('NOT_READY', undefined, { cause });
    this.mayBeWritten = mayBeWritten;
  }
}
