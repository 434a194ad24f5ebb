import type { Database } from './database.ts';
import { holdsLease, type Lease } from './leases.ts';

/**
 * A database as whoever has a lease writes to it: nothing any more as soon as another one has taken it. A process that
 * was frozen does not know that it was: what it writes then is refused, with LeaseLost.
 */
export function fence(database: Database, lease: Lease): Database {
  const fenced =
    <T>(work: Parameters<typeof database.transaction<T>>[0]): typeof work =>
    async (queries) => {
      if (!(await holdsLease(queries, lease))) throw new LeaseLost(lease.name);
      return await work(queries);
    };
  return {
    ...database,
    transaction: (work, durability) => database.transaction(fenced(work), durability),
    transactionInReserve: (work) => database.transactionInReserve(fenced(work)),
  };
}

/** Another process has taken over what this one was doing. */
export class LeaseLost extends Error {
  override readonly name = 'LeaseLost';

  constructor(what: string) {
    super(`Another process does this now: ${what}.`);
  }
}
