import type { PostgresPool, PostgresPoolClient } from 'kysely';
import { DatabaseUnavailable } from '../database-unavailable.ts';
import type { WritingConnection } from '../group-commit.ts';
import { clientConfig, DatabaseClient, type PostgresAddress } from './postgres-client.ts';
import { isConnectionError } from './postgres-errors.ts';
import { withPatience } from './postgres-patience.ts';
import { withoutNul } from './postgres-text.ts';

/**
 * The turn to write, of all servers and workers on a database: an advisory lock, which PostgreSQL lets go of with the
 * transaction, however that ends. Whoever has it sees everything that was committed before, and nothing changes under it:
 * as on SQLite, so that what is right there is right here.
 */
const TURN = 'select pg_advisory_xact_lock(5271009)';

/** The one connection of this process that writes, and how it commits. */
export interface PostgresWriter extends WritingConnection {
  /** For Kysely: always the connection of the transaction that is under way. */
  readonly pool: PostgresPool;
  close(): Promise<void>;
}

export interface PostgresWriterOptions {
  /** What is to be told to the other processes, as SQL before the commit; empty for nothing. */
  readonly notices: () => string;
  /** Called when a commit was asked for and not answered: it may have happened, or be about to. */
  readonly onLostCommit: () => void;
}

export function openPostgresWriter(
  address: PostgresAddress,
  { notices, onLostCommit }: PostgresWriterOptions,
): PostgresWriter {
  let current: DatabaseClient | undefined;
  const discard = () => {
    current?.end().catch(() => undefined);
    current = undefined;
  };
  const connect = async (): Promise<DatabaseClient> => {
    if (current !== undefined) return current;
    const client = new DatabaseClient(clientConfig(address));
    client.on('error', () => {
      if (current === client) current = undefined;
    });
    await client.connect();
    current = client;
    return client;
  };
  // Nothing may slip onto another connection in the middle of a transaction: there is no reconnecting here.
  const query = async (text: string, parameters?: readonly unknown[]) => {
    if (current === undefined) throw new DatabaseUnavailable(new Error('The connection was lost.'));
    try {
      return await current.query(text, parameters && withoutNul(parameters));
    } catch (error) {
      // What does not answer now would not answer a rollback either.
      if (isConnectionError(error)) discard();
      throw error;
    }
  };
  const begin = async (durability: 'full' | 'relaxed') => {
    const client = await connect();
    try {
      const flush = durability === 'full' ? 'on' : 'off';
      await client.query(`begin; set local synchronous_commit = ${flush}; ${TURN}`);
    } catch (error) {
      discard();
      throw error;
    }
  };
  const client = { query, release: () => undefined } as unknown as PostgresPoolClient;
  return {
    pool: { connect: async () => client, end: async () => undefined } as PostgresPool,
    begin: (durability) => withPatience(() => begin(durability)),
    savepoint: async () => void (await query('savepoint member')),
    release: async (undo) => void (await query(`${undo ? 'rollback to member; ' : ''}release member`)),
    async commit() {
      try {
        const results = [await query(`${notices()}commit`)].flat();
        // What it answers to the commit of a transaction in which something failed that somebody kept quiet about.
        if (results.at(-1)?.command === 'ROLLBACK') throw new Error('A query of the transaction failed before.');
      } catch (error) {
        if (!isConnectionError(error)) throw error;
        onLostCommit();
        throw new DatabaseUnavailable(error, { mayBeWritten: true });
      }
    },
    async rollback() {
      await query('rollback').catch(discard);
    },
    async close() {
      await current?.end().catch(() => undefined);
    },
  };
}
