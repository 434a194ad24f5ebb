import { quote, Refusal } from './refusal.ts';

const NAME = /^[A-Za-z_][A-Za-z0-9_]{0,99}$/;
/** Variables that decide what programs run and how: a secret must not change that unseen. */
const RESERVED =
  /^(?:PATH|HOME|SHELL|USER|LOGNAME|PWD|OLDPWD|IFS|ENV|BASH_ENV|TMPDIR|TEMP|TMP|LANG|LC_.*|LD_.*|DYLD_.*|GIT_.*|SVN_.*|SSH_.*|NODE_OPTIONS|NODE_PATH|SLIPWAY_.*)$/i;

/** Reads the name of a secret: that of an environment variable. @throws Refusal INVALID_PARAMETERS */
export function parseSecretName(text: string): string {
  if (!NAME.test(text)) {
    const rule = 'use letters, digits and underscores, up to 100, and no digit first';
    throw new Refusal('INVALID_PARAMETERS', `${quote(text)} cannot be the name of a secret: ${rule}.`);
  }
  if (!RESERVED.test(text)) return text;
  throw new Refusal(
    'INVALID_PARAMETERS',
    `${quote(text)} cannot be the name of a secret, for it changes how programs run: choose another.`,
  );
}
