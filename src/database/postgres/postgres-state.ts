import type { DatabaseState } from '../database.ts';
import { clientConfig, DatabaseClient, type PostgresAddress } from './postgres-client.ts';

/** What tells whether anything was committed, by whichever process. */
export interface PostgresState {
  /** As `Database.state` says. Never throws: while the database is away, nothing is as it was. */
  now(): Promise<DatabaseState>;
  close(): Promise<void>;
}

/** Who does not hear from it for so long reads what there is, and waits there. */
const ANSWER_MS = 5_000;

/**
 * Which transactions had ended: another text after each that wrote something, in whatever database of the server. From
 * https://www.postgresql.org/docs/current/functions-info.html#FUNCTIONS-PG-SNAPSHOT
 */
const SNAPSHOT = 'select pg_current_snapshot()::text as snapshot';

/**
 * Asks on a connection of its own. Once that is lost everything may be different, even what reads the same: a server that
 * crashed has forgotten commits which nobody waited for, and numbers the next ones like them.
 */
export function openPostgresState(address: PostgresAddress): PostgresState {
  let client: DatabaseClient | undefined;
  let connections = 0;
  let asking: Promise<DatabaseState> | undefined;
  let next: Promise<DatabaseState> | undefined;

  async function connect(): Promise<DatabaseClient> {
    if (client !== undefined) return client;
    const opened = new DatabaseClient({ ...clientConfig(address), query_timeout: ANSWER_MS });
    opened.on('end', () => {
      if (client === opened) client = undefined;
    });
    await opened.connect();
    connections += 1;
    client = opened;
    return opened;
  }

  async function ask(): Promise<DatabaseState> {
    try {
      const { rows } = await (await connect()).query<{ readonly snapshot: string }>(SNAPSHOT);
      return `${connections} ${rows[0]?.snapshot}`;
    } catch {
      client?.end().catch(() => undefined);
      client = undefined;
      return Symbol('unknown');
    }
  }

  return {
    now() {
      // One question for all who come while another one is under way, which knows nothing of what they must see.
      next ??= (async () => {
        await asking;
        asking = next;
        next = undefined;
        return await ask();
      })();
      return next;
    },
    async close() {
      await client?.end().catch(() => undefined);
    },
  };
}
