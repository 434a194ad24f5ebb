import { parseBranch } from '../branch-name.ts';
import { quote, Refusal } from '../refusal.ts';

/*
 * Which branches a rule takes. It is kept in one spelling: `main` for the main line, `branches/<x>` for everything else,
 * where `*` stands for any characters.
 */

const MAIN_LINE = 'main';
const BRANCHES = 'branches/';
const MOST_CHARACTERS = 200;

/**
 * Reads the branch of a rule, in every spelling that a branch has elsewhere.
 *
 * @returns the spelling that it is kept in
 * @throws Refusal INVALID_PARAMETERS
 */
export function parseRuleBranch(text: string): string {
  const branch = parseBranch(text);
  const name = branch.mainLine ? '' : branch.name;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused
  if (name === '' || name.length > MOST_CHARACTERS || /[\u0000-\u001f\u007f]/.test(name)) {
    const advice = `give main, or a branch of at most ${MOST_CHARACTERS} characters such as branches/release-*`;
    throw new Refusal('INVALID_PARAMETERS', `Branch is ${quote(text)}: ${advice}.`);
  }
  return !branch.mainLine && branch.orMainLine ? MAIN_LINE : BRANCHES + name;
}

/** What is said where none takes a branch. */
export const NO_RULE = 'No push rule takes this branch.';

/** A branch that was pushed to, as far as rules go. */
export interface PushedBranch {
  readonly branch: string;
  readonly isMainLine: boolean;
}

/** The first rule that takes a branch. @param rules in their order */
export function findRule<Rule extends { readonly branch: string }>(
  rules: readonly Rule[],
  pushed: PushedBranch,
): Rule | undefined {
  return rules.find((rule) => takes(rule.branch, pushed));
}

/**
 * The same where it may not be known yet whether a branch is the main line.
 *
 * @returns `depends` where it is another rule, or none, for a main line than for any other branch
 */
export function foreseeRule<Rule extends { readonly branch: string }>(
  rules: readonly Rule[],
  { branch, isMainLine }: { readonly branch: string; readonly isMainLine: boolean | undefined },
): Rule | undefined | 'depends' {
  if (isMainLine !== undefined) return findRule(rules, { branch, isMainLine });
  const asMain = findRule(rules, { branch, isMainLine: true });
  return asMain === findRule(rules, { branch, isMainLine: false }) ? asMain : 'depends';
}

function takes(ruleBranch: string, { branch, isMainLine }: PushedBranch): boolean {
  // Who has a branch of this name means it, and there it nearly always is the main line.
  if (ruleBranch === MAIN_LINE) return isMainLine || branch === MAIN_LINE;
  return matches(ruleBranch.slice(BRANCHES.length).split('*'), branch);
}

/** @param parts what stands between the stars of a pattern */
function matches(parts: readonly string[], text: string): boolean {
  const [first = '', ...others] = parts;
  const last = others.pop();
  if (last === undefined) return text === first;
  if (!text.startsWith(first)) return false;
  let at = first.length;
  for (const part of others) {
    const found = text.indexOf(part, at);
    if (found === -1) return false;
    at = found + part.length;
  }
  return text.length - last.length >= at && text.endsWith(last);
}
