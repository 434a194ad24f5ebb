import { randomUUID } from 'node:crypto';
import pg from 'pg';
import type { Topic } from '../change-notices.ts';
import { clientConfig, DatabaseClient, type PostgresAddress } from './postgres-client.ts';

const CHANNEL = 'slipway';
/** PostgreSQL takes notifications of less than 8000 bytes. From https://www.postgresql.org/docs/current/sql-notify.html */
const MOST_CHARACTERS = 7000;
const RECONNECT_MS = 500;
/** A way that has gone silent is not told from a database of which nothing is to be told: it is asked. */
const BEAT_MS = 5_000;

export interface PostgresNotices {
  /** SQL that tells the other processes of topics once its transaction has committed; empty for none. */
  announce(topics: ReadonlySet<Topic>): string;
  /** What was announced until now is told to this process, too, where it comes yet: it may have been committed unseen. */
  disown(): void;
  close(): Promise<void>;
}

export interface PostgresNoticesOptions {
  /** Told what other processes have changed. */
  readonly onTopics: (topics: readonly Topic[]) => void;
  /** Told when notices may have been missed: anything may have changed. */
  readonly onGap: () => void;
}

/** Listens to what other processes on the database have changed, for as long as it is open: through restarts, too. */
export async function openPostgresNotices(
  address: PostgresAddress,
  { onTopics, onGap }: PostgresNoticesOptions,
): Promise<PostgresNotices> {
  let ours = randomUUID();
  let client: DatabaseClient | undefined;
  let timer: NodeJS.Timeout | undefined;
  let isClosed = false;

  async function listen(): Promise<void> {
    const opened = new DatabaseClient({ ...clientConfig(address), query_timeout: BEAT_MS });
    opened.on('end', () => listenLater());
    opened.on('notification', ({ payload = '' }) => {
      const [process, ...topics] = payload.split(' ');
      if (process !== ours) onTopics(topics as Topic[]);
    });
    client = opened;
    await opened.connect();
    await ask(opened, `listen ${CHANNEL}`);
    const timer = setInterval(() => void ask(opened, 'select 1').catch(() => clearInterval(timer)), BEAT_MS).unref();
    opened.on('end', () => clearInterval(timer));
  }

  function listenLater(): void {
    if (isClosed) return;
    clearTimeout(timer);
    timer = setTimeout(() => {
      listen().then(onGap, listenLater);
    }, RECONNECT_MS);
  }

  try {
    await listen();
  } catch (error) {
    isClosed = true;
    clearTimeout(timer);
    throw error;
  }
  return {
    announce: (topics) => [...payloadsOf(ours, topics)].map(notify).join(''),
    disown() {
      ours = randomUUID();
    },
    async close() {
      isClosed = true;
      clearTimeout(timer);
      await client?.end().catch(() => undefined);
    },
  };
}

/** What is not answered ends the connection, and with it the waiting. */
async function ask(client: DatabaseClient, text: string): Promise<void> {
  try {
    await client.query(text);
  } catch (error) {
    client.end().catch(() => undefined);
    throw error;
  }
}

function* payloadsOf(process: string, topics: ReadonlySet<Topic>): Generator<string> {
  let payload = '';
  for (const topic of topics) {
    if (payload.length > MOST_CHARACTERS) {
      yield payload;
      payload = '';
    }
    payload += payload === '' ? `${process} ${topic}` : ` ${topic}`;
  }
  if (payload !== '') yield payload;
}

function notify(payload: string): string {
  return `select pg_notify('${CHANNEL}', ${pg.escapeLiteral(payload)}); `;
}
