import {
  HandleEmptyInListsPlugin,
  Kysely,
  PostgresDialect,
  type PostgresPool,
  replaceWithNoncontingentExpression,
} from 'kysely';
import { ChangeListeners } from '../change-listeners.ts';
import { keepNotices, type Topic } from '../change-notices.ts';
import type { Database, Queries } from '../database.ts';
import { GroupCommit } from '../group-commit.ts';
import { rememberLookUps } from '../look-up.ts';
import type { Tables } from '../schema.ts';
import { migratePostgres } from './migrate-postgres.ts';
import type { PostgresAddress } from './postgres-client.ts';
import { openPostgresClock } from './postgres-clock.ts';
import { openPostgresWriter } from './postgres-commits.ts';
import { translatePostgresError } from './postgres-errors.ts';
import { openPostgresNotices } from './postgres-notices.ts';
import { openPostgresReaders } from './postgres-readers.ts';
import { openPostgresState } from './postgres-state.ts';

/** A database that others share, and its clock, which is everybody's. */
export interface SharedDatabase extends Database {
  /** Milliseconds since 1970. */
  now(): number;
}

/**
 * Opens a database that many servers and workers share, creating or migrating its tables first. Writes of all of them
 * happen one after the other, reads beside them.
 *
 * @throws NewerDatabase; what PostgreSQL throws
 */
export async function openPostgresDatabase(address: PostgresAddress): Promise<SharedDatabase> {
  await migratePostgres(address);
  const opened = new AsyncDisposableStack();
  try {
    return await openMigrated(address, opened);
  } catch (error) {
    await opened.disposeAsync();
    throw error;
  }
}

/** Opens a database as it is, for reads alone. To be destroyed. */
export function openPostgresReader(address: PostgresAddress): Queries {
  return queriesOf(openPostgresReaders(address));
}

async function openMigrated(address: PostgresAddress, opened: AsyncDisposableStack): Promise<SharedDatabase> {
  const readers = openPostgresReaders(address);
  opened.defer(() => readers.end());
  const read = queriesOf(readers);
  const state = openPostgresState(address);
  opened.defer(state.close);
  rememberLookUps(read, state.now);
  const clock = await openPostgresClock(read);
  opened.defer(clock.close);

  const listeners = new ChangeListeners();
  const notices = await openPostgresNotices(address, {
    onTopics: (topics) => listeners.tell(topics),
    onGap: () => listeners.tellAll(),
  });
  opened.defer(notices.close);

  let committing: ReadonlySet<Topic> = new Set();
  const writer = openPostgresWriter(address, {
    notices() {
      committing = takeNotices();
      return notices.announce(committing);
    },
    onLostCommit() {
      notices.disown();
      listeners.tell(committing);
    },
  });
  opened.defer(writer.close);
  const write = queriesOf(writer.pool);
  const takeNotices = keepNotices(write);
  const commits = new GroupCommit({
    connection: writer,
    queries: write,
    translateError: translatePostgresError,
    onCommit: () => listeners.tell(committing),
  });
  opened.defer(() => commits.drain());
  return {
    read,
    transaction: (work, durability = 'full') => commits.transaction(work, durability),
    transactionInReserve: (work) => commits.transaction(work, 'full'),
    onChange: (topic, listener) => listeners.add(topic, listener),
    state: state.now,
    hasRoom: async () => true,
    now: clock.now,
    close: () => opened.disposeAsync(),
  };
}

/** An empty list is nothing to be in, as on SQLite; as it is, PostgreSQL takes none. */
const EMPTY_LISTS = new HandleEmptyInListsPlugin({ strategy: replaceWithNoncontingentExpression });

function queriesOf(pool: PostgresPool): Queries {
  return new Kysely<Tables>({ dialect: new PostgresDialect({ pool }), plugins: [EMPTY_LISTS] });
}
