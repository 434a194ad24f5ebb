import { Socket } from 'node:net';
import pg from 'pg';

/** Which database, and as whom: what every connection to it has in common. */
export interface PostgresAddress {
  /** `postgres://…`, as node-postgres reads it. */
  readonly url: string;
  /** Shown in `pg_stat_activity`. */
  readonly applicationName: string;
}

/** A session that is silent in the middle of a transaction is ended: whoever froze or vanished there holds up the others. */
const IDLE_IN_TRANSACTION_MS = 10_000;
/** For the turn to write: see `postgres-commits.ts`. */
const LOCK_MS = 20_000;
/** Then the connection is taken for dead. */
const ANSWER_MS = 30_000;
export const CONNECT_MS = 5_000;
/** How long the database may take to hang up, too: on a way that has gone silent it never does. */
const FAREWELL_MS = 2_000;

const TYPES = { int8: 20, numeric: 1700 } as const;

/** Times, sizes and counts are numbers here, as from SQLite: none of them comes near 2^53. */
const types: pg.CustomTypesConfig = {
  getTypeParser: (oid: number, format?: 'text' | 'binary') =>
    oid === TYPES.int8 || oid === TYPES.numeric ? Number : pg.types.getTypeParser(oid, format),
};

/** What a connection is opened with. */
export function clientConfig({ url, applicationName }: PostgresAddress): pg.ClientConfig {
  return {
    connectionString: url,
    application_name: applicationName,
    types,
    connectionTimeoutMillis: CONNECT_MS,
    query_timeout: ANSWER_MS,
    lock_timeout: LOCK_MS,
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
  };
}

/** A connection that is gone a little after it was ended, whether the database hangs up, too, or does not answer. */
export class DatabaseClient extends pg.Client {
  readonly #socket: Socket;

  constructor(config?: pg.ClientConfig) {
    const socket = new Socket();
    super({ ...config, stream: () => socket });
    this.#socket = socket;
    // Whoever waits for an answer is told by that. A pool does not listen while somebody has the connection.
    this.on('error', () => undefined);
  }

  override end(): Promise<void>;
  override end(callback: (error: Error) => void): void;
  override end(callback?: (error: Error) => void): Promise<void> | void {
    const timer = setTimeout(() => this.#socket.destroy(), FAREWELL_MS).unref();
    this.once('end', () => clearTimeout(timer));
    return callback === undefined ? super.end() : super.end(callback);
  }
}
