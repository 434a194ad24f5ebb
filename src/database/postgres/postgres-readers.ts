import type { PostgresPool, PostgresPoolClient } from 'kysely';
import pg from 'pg';
import { clientConfig, DatabaseClient, type PostgresAddress } from './postgres-client.ts';
import { isConnectionError, translatePostgresError } from './postgres-errors.ts';
import { withPatience } from './postgres-patience.ts';
import { withoutNul } from './postgres-text.ts';

const MOST_CONNECTIONS = 8;

/**
 * Connections for reads alone, in the form that Kysely expects. A read that a lost connection cuts off is made again on
 * another one: it changes nothing, so that nobody has to know.
 */
export function openPostgresReaders(address: PostgresAddress): PostgresPool {
  const pool = new pg.Pool({ ...clientConfig(address), max: MOST_CONNECTIONS, Client: DatabaseClient });
  // Of a connection that nobody uses: the next one who needs it gets another.
  pool.on('error', () => undefined);
  const query = (text: string, parameters: readonly unknown[]) =>
    withPatience(() => queryOnce(pool, text, parameters)).catch((error: unknown) => {
      throw translatePostgresError(error);
    });
  const client = { query, release: () => undefined } as unknown as PostgresPoolClient;
  return { connect: async () => client, end: () => pool.end() } as PostgresPool;
}

async function queryOnce(pool: pg.Pool, text: string, parameters: readonly unknown[]): Promise<pg.QueryResult> {
  const client = await pool.connect();
  try {
    const result = await client.query(text, withoutNul(parameters));
    client.release();
    return result;
  } catch (error) {
    client.release(isConnectionError(error));
    throw error;
  }
}
