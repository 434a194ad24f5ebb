/** How many patterns one with braces may stand for. */
const MOST_ALTERNATIVES = 200;

/** What a part of a pattern is: any number of them, or a test. */
type Part<Item> = 'any' | ((item: Item) => boolean);

/** Whether a path is a pattern: `*`, `?`, `[a-z]`, `{a,b}`, and `**` for folders at any depth. */
export function isPattern(path: string): boolean {
  return /[*?[{]/.test(path);
}

/**
 * A test for paths. One that is no pattern stands for itself and everything under it. As in a shell, only a pattern that
 * begins with a dot finds a name that does.
 *
 * The time it takes grows with the lengths of pattern and path and never with how often a `*` could be tried anew: whoever
 * writes the pattern must not be able to keep the server busy.
 *
 * @returns undefined where braces stand for too many patterns
 */
export function pathMatcher(wanted: readonly string[]): ((path: string) => boolean) | undefined {
  const folders = wanted.filter((one) => !isPattern(one));
  const patterns = expandBraces(wanted.filter(isPattern));
  if (patterns === undefined) return undefined;
  const compiled = patterns.map((pattern) => pattern.split('/').map(compileSegment));
  return (path) =>
    folders.some((folder) => folder === '.' || path === folder || path.startsWith(`${folder}/`)) ||
    compiled.some((parts) => matches(parts, path.split('/'), isPlainName));
}

function expandBraces(patterns: readonly string[]): readonly string[] | undefined {
  const [expanded, left]: [string[], string[]] = [[], [...patterns]];
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    const [braces, inner = ''] = /\{([^{}]*,[^{}]*)\}/.exec(next) ?? [];
    if (braces === undefined) expanded.push(next);
    else for (const one of inner.split(',')) left.push(next.replace(braces, () => one));
    if (expanded.length + left.length > MOST_ALTERNATIVES) return undefined;
  }
  return expanded;
}

function compileSegment(segment: string): Part<string> {
  if (segment === '**') return 'any';
  if (!isPattern(segment)) return (name) => name === segment;
  const parts = compileCharacters(segment);
  const findsHidden = segment.startsWith('.');
  return (name) => (findsHidden || isPlainName(name)) && matches(parts, Array.from(name), () => true);
}

function compileCharacters(segment: string): readonly Part<string>[] {
  const words = segment.match(/\*+|\[[!^]?\]?[^\]]*\]|./gsu) ?? [];
  return words.map((word) => {
    if (word.startsWith('*')) return 'any';
    if (word === '?') return () => true;
    return word.length > 2 && word.startsWith('[') ? characterClass(word.slice(1, -1)) : (one) => one === word;
  });
}

function characterClass(inner: string): (one: string) => boolean {
  const isNegated = /^[!^]/.test(inner);
  const ranges = (isNegated ? inner.slice(1) : inner).match(/.-.|./gsu) ?? [];
  const isIn = (one: string) =>
    ranges.some((range) => {
      const [from = '', to = '', end = from] = Array.from(range);
      return to === '-' ? order(from) <= order(one) && order(one) <= order(end) : one === range;
    });
  return (one) => isIn(one) !== isNegated;
}

function order(character: string): number {
  return character.codePointAt(0) ?? 0;
}

/** When something does not fit, only the last 'any' has to take one more: what came before it fits as it is. */
function matches(
  parts: readonly Part<string>[],
  items: readonly string[],
  maySkip: (item: string) => boolean,
): boolean {
  let [at, lastAny, resume] = [0, -1, 0];
  for (let next = 0; next < items.length; ) {
    const [part, item = ''] = [parts[at], items[next]];
    if (part === 'any') [lastAny, resume, at] = [at, next, at + 1];
    else if (part?.(item) === true) [next, at] = [next + 1, at + 1];
    else if (lastAny >= 0 && maySkip(items[resume] ?? '')) [resume, next, at] = [resume + 1, resume + 1, lastAny + 1];
    else return false;
  }
  return parts.slice(at).every((part) => part === 'any');
}

function isPlainName(name: string): boolean {
  return !name.startsWith('.');
}
