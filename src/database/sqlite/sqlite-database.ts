import { Kysely, SqliteDialect } from 'kysely';
import { ChangeListeners } from '../change-listeners.ts';
import { keepNotices } from '../change-notices.ts';
import type { Database, Queries } from '../database.ts';
import { GroupCommit } from '../group-commit.ts';
import { rememberLookUps } from '../look-up.ts';
import { migrate } from '../migrate.ts';
import type { Tables } from '../schema.ts';
import type { SpaceReserve } from './space-reserve.ts';
import { sqliteCommits } from './sqlite-commits.ts';
import { openSqliteConnection, type SqliteConnection } from './sqlite-connection.ts';
import { sqliteProblem } from './sqlite-errors.ts';

/**
 * Opens the database of one machine, creating or migrating it first. One connection writes, another one reads, so that
 * a read never sees half of a transaction; in WAL mode neither waits for the other.
 *
 * @param file its folder exists; SQLite keeps `-wal` and `-shm` files beside it
 * @param reserve room for what must be written on a full disk; whoever opened it closes it, after the database
 * @throws NewerDatabase; what SQLite throws, which `sqliteProblem` tells apart
 */
export async function openSqliteDatabase(file: string, reserve?: SpaceReserve): Promise<Database> {
  const writer = await inReserve(reserve, () => openWriter(file));
  const write = queriesOf(writer);
  const reader = openSqliteConnection(file, 'read');
  const read = queriesOf(reader);
  let generation = 0;
  rememberLookUps(read, () => generation);
  const takeNotices = keepNotices(write);
  const listeners = new ChangeListeners();
  const renew = () => {
    reader.renewSnapshot();
    generation += 1;
  };
  const commits = new GroupCommit({
    ...sqliteCommits(writer),
    queries: write,
    onCommit() {
      renew();
      listeners.tell(takeNotices());
    },
  });
  const transaction: Database['transaction'] = async (work, durability = 'full') => {
    try {
      return await commits.transaction(work, durability);
    } finally {
      renew();
    }
  };
  return {
    read,
    transaction,
    transactionInReserve: (work) => inReserve(reserve, () => transaction(work)),
    onChange: (topic, listener) => listeners.add(topic, listener),
    hasRoom: async () => (await reserve?.hasRoom()) ?? true,
    async close() {
      await commits.drain();
      await read.destroy();
      await write.destroy();
      // Kysely closes no connection that was never used, and SQLite tidies up only when the last one goes.
      reader.close();
      writer.close();
    },
  };
}

/** Does something, and once more in the room of the reserve where the disk is full. */
async function inReserve<T>(reserve: SpaceReserve | undefined, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (reserve === undefined || sqliteProblem(error) !== 'full') throw error;
    await reserve.giveUp();
    return await work();
  }
}

async function openWriter(file: string): Promise<SqliteConnection> {
  const writer = openSqliteConnection(file, 'write');
  try {
    await migrate(queriesOf(writer));
    return writer;
  } catch (error) {
    writer.close();
    throw error;
  }
}

/** Opens an existing database for reads alone, beside whoever writes it. The caller destroys it. */
export function openSqliteReader(file: string): Queries {
  return queriesOf(openSqliteConnection(file, 'read'));
}

function queriesOf(connection: SqliteConnection): Queries {
  return new Kysely<Tables>({ dialect: new SqliteDialect({ database: connection }) });
}
