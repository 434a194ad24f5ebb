const PRELOADED = new URL('other-clock.ts', import.meta.url);

/** What a process has in its environment whose clock is so far ahead. */
export function clockAhead(ms: number): Readonly<Record<string, string>> {
  return { NODE_OPTIONS: `--import=${PRELOADED.href}`, OTHER_CLOCK_MS: String(ms) };
}
