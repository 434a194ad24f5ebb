import { quote, Refusal } from '../domain/refusal.ts';
import { readParameter } from './query-parameters.ts';

/** Longer waits are cut to this; proxies rarely allow more. */
const MOST_SECONDS = 300;
const SECONDS = /^\d{1,9}(?:\.\d{1,3})?$/;
const PREFERENCE = /(?:^|[,;])\s*wait\s*=\s*"?(\d{1,9})"?\s*(?=$|[,;])/i;

/** How long an answer may wait for a change, and whether a Prefer header said so (RFC 7240). */
export interface Wait {
  readonly ms: number;
  readonly preferred: boolean;
}

/**
 * Reads `?wait=<seconds>` or, without it, `Prefer: wait=<seconds>`; a preference that is not understood is ignored.
 *
 * @throws Refusal INVALID_PARAMETERS
 */
export function parseWait(query: unknown, prefer: string | readonly string[] | undefined): Wait {
  const text = readParameter(query, 'wait');
  if (text === undefined) return readPreference(prefer);
  if (!SECONDS.test(text)) {
    throw new Refusal('INVALID_PARAMETERS', `The parameter wait is ${quote(text)}: give a number of seconds.`);
  }
  return { ms: Math.min(Number(text), MOST_SECONDS) * 1000, preferred: false };
}

function readPreference(prefer: string | readonly string[] | undefined): Wait {
  const seconds = prefer === undefined ? undefined : PREFERENCE.exec(String(prefer))?.[1];
  if (seconds === undefined) return NO_WAIT;
  return { ms: Math.min(Number(seconds), MOST_SECONDS) * 1000, preferred: true };
}

const NO_WAIT: Wait = { ms: 0, preferred: false };
