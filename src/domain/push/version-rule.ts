import { quote, Refusal } from '../refusal.ts';
import { parseVersion, type RequestedVersion } from '../version.ts';

/** The versions that a rule gives: a word, `2.5.*` for the patches of 2.5, or `2.5.4` for always the same. */
export const NEXT_WORDS = ['next-patch', 'next-minor', 'next-major'] as const;

const LINE = /^(\d{1,15}\.\d{1,15}\.)\*$/;
const FIRST = '1.0.0';

/** @returns the text as it is kept @throws Refusal INVALID_PARAMETERS */
export function parseVersionRule(text: string): string {
  const given = text.trim();
  if (isWord(given) || LINE.test(given) || isVersion(given)) return given;
  const advice = `give ${NEXT_WORDS.join(', ')}, 2.5.* for the patches of 2.5, or a version such as 2.5.4`;
  throw new Refusal('INVALID_PARAMETERS', `Version is ${quote(text)}: ${advice}.`);
}

/** What the versions begin with that a rule goes on from: `2.5.` for `2.5.*`, and nothing for a word. */
export function lineOf(rule: string): string {
  return LINE.exec(rule)?.[1] ?? '';
}

/**
 * The version that a rule gives next.
 *
 * @param newest version of the package that was accepted last for the branch and begins with {@link lineOf} the rule;
 *   undefined where there is none
 * @throws Refusal INVALID_VERSION where a part has grown too long
 */
export function nextVersion(rule: string, newest: string | undefined): RequestedVersion {
  const line = lineOf(rule);
  if (line === '' && !isWord(rule)) return parseVersion(rule);
  if (newest === undefined) return parseVersion(line === '' ? FIRST : `${line}0`);
  const [major = 0, minor = 0, patch = 0] = newest.split('.').map(Number);
  const parts =
    rule === 'next-major'
      ? [major + 1, 0, 0]
      : rule === 'next-minor'
        ? [major, minor + 1, 0]
        : [major, minor, patch + 1];
  if (parts.every((part) => part <= LARGEST)) return parseVersion(parts.join('.'));
  const advice = 'give the rule another Version, or build one by hand to go on from';
  throw new Refusal(
    'INVALID_VERSION',
    `The next version after ${newest} has a part of more than 15 digits: ${advice}.`,
  );
}

const LARGEST = 999_999_999_999_999;

function isWord(text: string): boolean {
  return NEXT_WORDS.some((word) => word === text);
}

function isVersion(text: string): boolean {
  try {
    parseVersion(text);
    return true;
  } catch (error) {
    if (error instanceof Refusal) return false;
    throw error;
  }
}
