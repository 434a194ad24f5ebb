import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { CommandFailure } from '../cli/exit-codes.ts';
import type { Database } from '../database/database.ts';
import { releaseLease, takeLease } from '../database/leases.ts';
import { lockDataFolder } from '../database/sqlite/data-folder-lock.ts';
import { openSqliteDatabase } from '../database/sqlite/sqlite-database.ts';
import type { Configuration } from './configuration.ts';
import { DUTIES, LEASE_MS } from './leadership.ts';
import { refuseMoved } from './moved-data-folder.ts';
import { refuseWithoutDatabase } from './refuse-without-database.ts';

export interface WithDatabaseOptions {
  /** Whether servers may go on meanwhile where the database is shared. Where it is not, they never may. */
  readonly besideServers: boolean;
}

/**
 * Opens the database that was configured for a command, and closes it when `work` has ended.
 *
 * @throws CommandFailure where there is none, it was moved away, or a server runs that must not; what `explainStart` explains
 */
export async function withDatabase<T>(
  configuration: Pick<Configuration, 'dataFolder' | 'databaseUrl'>,
  { besideServers }: WithDatabaseOptions,
  work: (database: Database) => Promise<T>,
): Promise<T> {
  const { dataFolder, databaseUrl } = configuration;
  await using opened = new AsyncDisposableStack();
  if (databaseUrl === undefined) {
    await refuseWithoutDatabase(dataFolder);
    opened.defer(lockDataFolder(join(dataFolder, 'lock')));
    await refuseMoved(dataFolder);
    const database = await openSqliteDatabase(join(dataFolder, 'slipway.db'));
    opened.defer(database.close);
    return await work(database);
  }
  // Loaded only now: most commands have no need of it.
  const { openPostgresDatabase } = await import('../database/postgres/postgres-database.ts');
  const database = await openPostgresDatabase({ url: databaseUrl, applicationName: 'slipway' });
  opened.defer(database.close);
  if (!besideServers) opened.defer(await keepServersOut(database, database.now));
  return await work(database);
}

/**
 * Of servers that run, one has the duties; none that starts meanwhile gets them.
 *
 * @returns how to let them
 * @throws CommandFailure
 */
async function keepServersOut(database: Database, clock: () => number): Promise<() => Promise<void>> {
  const lease = { name: DUTIES, holder: randomUUID() };
  const now = clock();
  const isFree = await database.transaction((queries) => takeLease(queries, lease, { now, expiresAt: now + LEASE_MS }));
  // It ends by itself, too.
  if (isFree) return () => database.transaction((queries) => releaseLease(queries, lease)).catch(() => undefined);
  const message = 'Servers are running on this database: stop all of them, and all workers, and try again.';
  throw new CommandFailure('usage', 'SERVERS_RUNNING', message);
}
