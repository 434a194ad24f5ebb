import type { Cli } from './cli.ts';
import { printable } from './printable.ts';

/** One line at the bottom of a terminal that is written over and over. Anywhere else it is not shown at all. */
export interface Progress {
  readonly isShown: boolean;
  /** Replaces the line; at most every 100 ms, so that it may be called for every chunk. */
  show(text: string): void;
  /** Takes the line away, so that something else can be printed. */
  clear(): void;
}

const INTERVAL_MS = 100;
const ERASE_LINE = '\r\u001b[2K';

export function openProgress(cli: Cli): Progress {
  const isShown = cli.stderr.isTTY === true;
  let shownAt = 0;
  let isClear = true;
  return {
    isShown,
    show(text) {
      if (!isShown || cli.now() - shownAt < INTERVAL_MS) return;
      shownAt = cli.now();
      isClear = false;
      cli.stderr.write(ERASE_LINE + printable(text).slice(0, (cli.stderr.columns || 80) - 1));
    },
    clear() {
      if (!isClear) cli.stderr.write(ERASE_LINE);
      isClear = true;
      shownAt = 0;
    },
  };
}
