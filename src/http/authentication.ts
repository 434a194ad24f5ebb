import { hash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { findKeyHolder, type KeyHolder } from '../database/api-keys.ts';
import type { Database, DatabaseState } from '../database/database.ts';
import type { AppRow } from '../database/schema.ts';
import type { User } from '../database/users.ts';
import type { Holder } from '../domain/permissions.ts';
import { Refusal } from '../domain/refusal.ts';
import type { TokenScope } from '../protocol/token-scopes.ts';
import type { AttemptLimits } from './attempt-limits.ts';
import type { KeyUses } from './key-uses.ts';

/**
 * Finds out who is calling. Every way to be wrong (unknown login, wrong key, disabled user, expired key) takes the same
 * work and gives the same answer.
 *
 * Who called a moment ago is remembered for {@link REMEMBERED_MS}, so that polling costs no query. What is remembered is
 * dropped at once when keys, users, rights or apps change ({@link Authentication.forget}). Where other servers may change
 * them, it is good for as long as nothing is committed: what one server has answered holds on the next.
 */
export interface Authentication {
  /** The caller, if the same key came from the same address a moment ago, and this server alone writes. */
  recall(credentials: Credentials, address: string): Caller | undefined;
  /**
   * Looks for the caller. One who called from the same address a moment ago is never held up by limits.
   *
   * @throws Refusal UNAUTHORIZED, TOO_MANY_REQUESTS
   */
  check(credentials: Credentials, address: string): Promise<Caller>;
  /**
   * The caller as of now of a request that was let in before its body came: neither held up by limits nor counted.
   *
   * @throws Refusal UNAUTHORIZED
   */
  checkAgain(credentials: Credentials, address: string): Promise<Caller>;
  forget(): void;
}

/** An app that somebody sees, and what they may do there. */
export interface SeenApp {
  readonly app: AppRow;
  readonly holder: Holder;
}

/** Who is calling, and the apps they were found to see. */
export interface Caller {
  readonly user: User;
  /** What the key is good for; undefined where that is all that the user may do. */
  readonly scopes: readonly TokenScope[] | undefined;
  readonly apps: Map<string, SeenApp>;
}

export interface Credentials {
  /** Undefined when a key came alone, which names its user by itself. */
  readonly login: string | undefined;
  readonly key: string;
}

export const REMEMBERED_MS = 10_000;
const MOST_REMEMBERED = 1000;

interface Remembered {
  readonly caller: Caller;
  readonly holder: KeyHolder;
  readonly expiresAt: number;
  /** Of the database, before the caller was looked for. */
  readonly state: DatabaseState | undefined;
}

export function createAuthentication(deps: {
  readonly database: Database;
  readonly clock: () => number;
  readonly limits: AttemptLimits;
  readonly keyUses: KeyUses;
}): Authentication {
  const remembered = new Map<string, Remembered>();
  const isSoleWriter = deps.database.state === undefined;
  let generation = 0;

  function remember(id: string, holder: KeyHolder, state: DatabaseState | undefined): Caller {
    if (remembered.size >= MOST_REMEMBERED) remembered.clear();
    const caller = callerBy(holder);
    remembered.set(id, { caller, holder, state, expiresAt: deps.clock() + REMEMBERED_MS });
    return caller;
  }

  function findRemembered(credentials: Credentials, address: string): Remembered | undefined {
    const digest = hash('sha256', credentials.key);
    const entry = remembered.get(`${digest} ${address}`);
    const now = deps.clock();
    if (entry === undefined || entry.expiresAt <= now) return undefined;
    if (!isHolder(entry.holder, credentials, digest, now)) return undefined;
    deps.keyUses.note(entry.holder.keyId, now);
    return entry;
  }

  /** @param known who called with these a moment ago */
  async function find(
    credentials: Credentials,
    address: string,
    known: Remembered | undefined,
  ): Promise<Caller | undefined> {
    const state = await deps.database.state?.();
    if (state !== undefined && known?.state === state) return known.caller;
    const digest = hash('sha256', credentials.key);
    const before = generation;
    const holder = await findKeyHolder(deps.database.read, digest);
    if (!isHolder(holder ?? NOBODY, credentials, digest, deps.clock()) || holder === undefined) return undefined;
    deps.keyUses.note(holder.keyId, deps.clock());
    // What was read before a change must not be remembered after it.
    return before === generation ? remember(`${digest} ${address}`, holder, state) : callerBy(holder);
  }

  return {
    recall: (credentials, address) => (isSoleWriter ? findRemembered(credentials, address)?.caller : undefined),
    async check(credentials, address) {
      const attempt = { address, login: credentials.login };
      const known = findRemembered(credentials, address);
      if (known === undefined) await deps.limits.check(attempt);
      const caller = await find(credentials, address, known);
      if (caller !== undefined) return caller;
      await deps.limits.countFailure(attempt);
      throw new Refusal('UNAUTHORIZED');
    },
    async checkAgain(credentials, address) {
      const known = findRemembered(credentials, address);
      const caller = (isSoleWriter && known?.caller) || (await find(credentials, address, known));
      if (caller === undefined) throw new Refusal('UNAUTHORIZED');
      return caller;
    },
    forget() {
      generation += 1;
      remembered.clear();
    },
  };
}

function callerBy({ user, scopes }: KeyHolder): Caller {
  return { user, scopes, apps: new Map() };
}

/** Stands in for the holder of an unknown key, so that comparing takes as long. */
const NOBODY: Pick<KeyHolder, 'hash' | 'expiresAt'> & { readonly user: Pick<User, 'login'> } = {
  hash: '0'.repeat(64),
  expiresAt: null,
  user: { login: '' as User['login'] },
};

function isHolder(holder: typeof NOBODY, credentials: Credentials, digest: string, now: number): boolean {
  const sameKey = timingSafeEqual(Buffer.from(digest, 'latin1'), Buffer.from(holder.hash, 'latin1'));
  const sameLogin = credentials.login === undefined || credentials.login.toLowerCase() === holder.user.login;
  return sameKey && sameLogin && (holder.expiresAt === null || holder.expiresAt > now);
}

const TOKEN = /^MxToken\s+(\S+)$/i;

/**
 * Takes the credentials out of a request: `Mendix-Username` and `Mendix-ApiKey`, or `Authorization: MxToken <key>`.
 *
 * @throws Refusal UNAUTHORIZED naming what is missing
 */
export function readCredentials(headers: IncomingHttpHeaders): Credentials {
  const login = readHeader(headers['mendix-username']);
  const key = readHeader(headers['mendix-apikey']);
  if (login !== '' && key !== '') return { login, key };
  const token = TOKEN.exec(readHeader(headers.authorization))?.[1];
  if (token !== undefined) return { login: undefined, key: token };
  const missing = login === '' ? 'Mendix-Username' : 'Mendix-ApiKey';
  const advice = 'Please set the headers Mendix-Username and Mendix-ApiKey, or Authorization: MxToken <token>.';
  throw new Refusal('UNAUTHORIZED', `${advice} ${missing} is missing.`);
}

function readHeader(value: string | readonly string[] | undefined): string {
  const text = typeof value === 'string' ? value.trim() : '';
  // Node reads headers as Latin-1; a login with other letters is sent as UTF-8.
  return /[\x80-\xff]/.test(text) ? Buffer.from(text, 'latin1').toString('utf8') : text;
}
