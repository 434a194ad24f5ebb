import { hkdfSync } from 'node:crypto';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { CommandFailure } from '../cli/exit-codes.ts';
import type { Database } from '../database/database.ts';
import { openSpaceReserve } from '../database/sqlite/space-reserve.ts';
import { openSqliteDatabase } from '../database/sqlite/sqlite-database.ts';
import type { Configuration } from './configuration.ts';
import { readOrCreateSecret } from './secret-file.ts';

/** The database of a server or a worker, and what depends on whether it is shared with others. */
export interface OpenedDatabase {
  readonly database: Database;
  /** Whether other servers and workers may use it at the same time. */
  readonly isShared: boolean;
  /** Milliseconds since 1970: the same for all who share it. */
  readonly clock: () => number;
  /** What download links are signed with: the same for all who share it. */
  readonly linkSecret: Uint8Array;
}

/**
 * Opens the database that was configured: PostgreSQL, which is shared, or else the SQLite file of the data folder.
 *
 * @param opened takes what has to be closed again
 * @throws CommandFailure where a shared database has no key; what `explainStart` explains
 */
export async function openDatabase(
  configuration: Configuration,
  opened: AsyncDisposableStack,
): Promise<OpenedDatabase> {
  const { databaseUrl } = configuration;
  return databaseUrl === undefined
    ? await openOwn(configuration, opened)
    : await openShared(configuration, databaseUrl, opened);
}

async function openOwn({ dataFolder }: Configuration, opened: AsyncDisposableStack): Promise<OpenedDatabase> {
  const reserve = openSpaceReserve(join(dataFolder, 'reserve'));
  opened.defer(reserve.close);
  const database = await openSqliteDatabase(join(dataFolder, 'slipway.db'), reserve);
  opened.defer(database.close);
  const linkSecret = await readOrCreateSecret(join(dataFolder, 'link.key'));
  return { database, isShared: false, clock: Date.now, linkSecret };
}

async function openShared(
  { secretKey }: Configuration,
  url: string,
  opened: AsyncDisposableStack,
): Promise<OpenedDatabase> {
  if (secretKey === undefined) throw withoutKey();
  // Loaded only now: most servers have no need of it.
  const { openPostgresDatabase } = await import('../database/postgres/postgres-database.ts');
  const database = await openPostgresDatabase({ url, applicationName: `slipway on ${hostname()}` });
  opened.defer(database.close);
  return { database, isShared: true, clock: database.now, linkSecret: linkSecretOf(secretKey) };
}

/** Derived as RFC 5869 says, so that it gives nothing of the key away. */
function linkSecretOf(secretKey: Buffer): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', secretKey, '', 'slipway download links', 32));
}

function withoutKey(): CommandFailure {
  const message =
    "A database that is shared needs a key that is, too: give every server and worker the same SLIPWAY_SECRET_KEY, such as 'openssl rand -hex 32' makes.";
  return new CommandFailure('usage', 'SECRET_KEY_NEEDED', message);
}
