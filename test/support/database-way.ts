import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';

/** The way to a PostgreSQL, which can be disturbed. */
export interface DatabaseWay {
  /** Address of the database by this way. */
  readonly url: string;
  /** How many connections go through it now. */
  connections(): number;
  /** How often somebody wanted to connect. */
  asked(): number;
  /** Every connection breaks, and no other one is taken. */
  cut(): void;
  /** Nothing passes any more in either direction, and nobody is told; new connections are taken, and silent too. */
  silence(): void;
  /** As before: what was silent goes on where it was. */
  mend(): void;
  /** The connections that are there are forgotten, as by a firewall: they stay open, and nothing comes through for ever. */
  forget(): void;
  /** Breaks a connection as soon as a commit has gone through on it, before its answer comes back. @returns to await that */
  loseNextCommit(): Promise<void>;
}

/** Opens a way to a database, on a free port of loopback, until the test ends. @param databaseUrl as tests have it */
export async function openDatabaseWay(
  test: { after(work: () => unknown): void },
  databaseUrl: string,
): Promise<DatabaseWay> {
  const pairs = new Set<Pair>();
  let state: 'open' | 'cut' | 'silent' = 'open';
  let commit: { readonly lost: () => void } | undefined;
  let asked = 0;
  const server = createServer((near) => {
    asked += 1;
    if (state === 'cut') return void near.destroy();
    const pair = new Pair(near, connectTo(databaseUrl), (sent) => {
      if (commit === undefined || !/commit(?:\0|;|$)/.test(sent)) return false;
      commit.lost();
      commit = undefined;
      return true;
    });
    pairs.add(pair);
    near.on('close', () => pairs.delete(pair));
    if (state === 'silent') pair.silence();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  test.after(() => {
    for (const pair of pairs) pair.destroy();
    server.close();
  });
  const url = new URL(databaseUrl);
  url.host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  url.searchParams.delete('host');
  return {
    url: url.href,
    connections: () => pairs.size,
    asked: () => asked,
    cut() {
      state = 'cut';
      for (const pair of pairs) pair.destroy();
    },
    silence() {
      state = 'silent';
      for (const pair of pairs) pair.silence();
    },
    mend() {
      state = 'open';
      for (const pair of pairs) pair.goOn();
    },
    forget() {
      for (const pair of pairs) pair.forget();
    },
    loseNextCommit: () =>
      new Promise((resolve) => {
        commit = { lost: resolve };
      }),
  };
}

/** A connection and its other half. */
class Pair {
  readonly #near: Socket;
  readonly #far: Socket;
  #isForgotten = false;

  /** @param losesAnswer told what is sent; true to have the connection break once it was */
  constructor(near: Socket, far: Socket, losesAnswer: (sent: string) => boolean) {
    this.#near = near;
    this.#far = far;
    near.on('error', () => undefined).on('close', () => far.destroy());
    far.on('error', () => undefined).on('close', () => near.destroy());
    near.on('data', (chunk: Buffer) => {
      far.write(chunk);
      if (!losesAnswer(chunk.toString('latin1'))) return;
      // The answer is what shows that it has happened; it is not passed on.
      far.removeAllListeners('data');
      far.once('data', () => this.destroy());
    });
    far.on('data', (chunk: Buffer) => void near.write(chunk));
    near.on('end', () => far.end());
    far.on('end', () => near.end());
  }

  silence(): void {
    this.#near.pause();
    this.#far.pause();
  }

  goOn(): void {
    if (this.#isForgotten) return;
    this.#near.resume();
    this.#far.resume();
  }

  forget(): void {
    this.#isForgotten = true;
    this.silence();
  }

  destroy(): void {
    this.#near.destroy();
    this.#far.destroy();
  }
}

function connectTo(databaseUrl: string): Socket {
  const { hostname, port, searchParams } = new URL(databaseUrl);
  const folder = searchParams.get('host');
  return folder === null ? connect(Number(port || 5432), hostname) : connect(join(folder, `.s.PGSQL.${port || 5432}`));
}
