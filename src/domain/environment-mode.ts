import { quote, Refusal } from './refusal.ts';

declare const brand: unique symbol;
/** The mode of an environment in lower case: what it is found by. */
export type ModeKey = string & { readonly [brand]: 'ModeKey' };

/** The mode of an environment: `Test`, `Acceptance`, `Production`, or a name of one's own. */
export interface Mode {
  /** As it was written. */
  readonly text: string;
  readonly key: ModeKey;
}

/** The one environment of a free app. */
export const SANDBOX: Mode = { text: 'Sandbox', key: 'sandbox' as ModeKey };

const MODE = /^[a-z0-9](?:[a-z0-9 ._-]{0,61}[a-z0-9])?$/i;
const MISSING = 'Not enough parameters given. Please set AppId and Mode parameters.';

/** @throws Refusal INVALID_PARAMETERS where there is nothing, INVALID_ENVIRONMENT for what cannot be a mode */
export function parseMode(given: string): Mode {
  const text = given.trim();
  if (text === '') throw new Refusal('INVALID_PARAMETERS', MISSING);
  if (MODE.test(text)) return { text, key: text.toLowerCase() as ModeKey };
  throw new Refusal(
    'INVALID_ENVIRONMENT',
    `Could not parse environment mode ${quote(given)}. Give Test, Acceptance, Production or a name of up to 63 letters, digits, blanks, dots, hyphens and underscores.`,
  );
}
