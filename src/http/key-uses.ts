import type { FastifyBaseLogger } from 'fastify';
import { touchApiKeys } from '../database/api-keys.ts';
import type { Database } from '../database/database.ts';

/** Once a minute is precise enough for "last used", and costs next to nothing. */
const PRECISION_MS = 60_000;
const MOST_KEYS = 10_000;

/** Notes when keys were used, coarsely, many at a time, and never in the way of a request. */
export interface KeyUses {
  note(keyId: string, now: number): void;
  /** Writes what has been noted. */
  flush(): Promise<void>;
}

export function createKeyUses(deps: { readonly database: Database; readonly logger: FastifyBaseLogger }): KeyUses {
  const written = new Map<string, number>();
  const noted = new Map<string, number>();
  let timer: NodeJS.Timeout | undefined;

  async function flush(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    const uses = [...noted].map(([keyId, at]) => ({ keyId, at }));
    noted.clear();
    if (uses.length === 0) return;
    try {
      await deps.database.transaction((queries) => touchApiKeys(queries, uses), 'relaxed');
    } catch (error) {
      deps.logger.warn({ err: error }, 'the last use of API keys was not written');
    }
  }

  return {
    note(keyId, now) {
      if (now - (written.get(keyId) ?? Number.NEGATIVE_INFINITY) < PRECISION_MS) return;
      if (written.size >= MOST_KEYS) written.clear();
      written.set(keyId, now);
      noted.set(keyId, now);
      timer ??= setTimeout(flush, 1000).unref();
    },
    flush,
  };
}
