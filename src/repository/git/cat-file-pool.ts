import { CatFile } from './cat-file.ts';
import type { GitSettings } from './git-settings.ts';

/**
 * What a process is leased for. Lookups are short and never wait for whoever uses their answers, so one process per
 * mirror serves them all in turn; contents are read at the pace of a build.
 */
export type Lane = 'lookup' | 'content';

const MOST_PER_LANE: Readonly<Record<Lane, number>> = { lookup: 1, content: 16 };

interface Keep {
  readonly idle: CatFile[];
  readonly waiting: (() => void)[];
  busy: number;
}

/**
 * Every `cat-file` process of the server. A process is leased by one user at a time and kept for the next one; the idle
 * ones are few, and end after a while.
 */
export class CatFilePool {
  readonly #settings: GitSettings;
  readonly #idleMs: number;
  readonly #mostIdle: number;
  readonly #keeps = new Map<string, Keep>();
  /** Idle processes, the longest idle first, with how to end each. */
  readonly #idle = new Map<CatFile, { readonly keep: Keep; readonly timer: NodeJS.Timeout }>();

  constructor(settings: GitSettings, limits: { readonly idleMs: number; readonly mostIdle: number }) {
    this.#settings = settings;
    this.#idleMs = limits.idleMs;
    this.#mostIdle = limits.mostIdle;
  }

  /** Leases a process on a mirror, waiting when the lane is full. Give it back with {@link release}. */
  async lease(gitDir: string, lane: Lane, signal: AbortSignal): Promise<CatFile> {
    const keep = this.#keepOf(gitDir, lane);
    while (keep.busy >= MOST_PER_LANE[lane]) await turn(keep, signal);
    // Who was woken and aborted at once hands the turn on.
    if (signal.aborted) keep.waiting.shift()?.();
    signal.throwIfAborted();
    const process = this.#takeIdle(keep) ?? new CatFile(this.#settings, gitDir);
    keep.busy++;
    return process;
  }

  /** @param reusable whether it has answered everything it was asked; otherwise it is ended */
  release(process: CatFile, lane: Lane, reusable: boolean): void {
    const keep = this.#keepOf(process.gitDir, lane);
    keep.busy--;
    if (reusable && process.alive) this.#keepIdle(process, keep);
    else process.kill();
    keep.waiting.shift()?.();
  }

  /** Ends the idle processes on a mirror, or on every mirror. */
  endIdle(gitDir?: string): void {
    for (const process of [...this.#idle.keys()]) {
      if (gitDir === undefined || process.gitDir === gitDir) this.#endIdle(process);
    }
    for (const [key, keep] of this.#keeps) {
      if (keep.busy + keep.idle.length + keep.waiting.length === 0) this.#keeps.delete(key);
    }
  }

  #takeIdle(keep: Keep): CatFile | undefined {
    for (let kept = keep.idle.pop(); kept !== undefined; kept = keep.idle.pop()) {
      this.#forget(kept);
      if (kept.alive) return kept;
    }
    return undefined;
  }

  #keepIdle(process: CatFile, keep: Keep): void {
    const timer = setTimeout(() => this.#endIdle(process), this.#idleMs).unref();
    keep.idle.push(process);
    this.#idle.set(process, { keep, timer });
    const [longestIdle] = this.#idle.keys();
    if (this.#idle.size > this.#mostIdle && longestIdle !== undefined) this.#endIdle(longestIdle);
  }

  #endIdle(process: CatFile): void {
    const keep = this.#idle.get(process)?.keep;
    this.#forget(process);
    keep?.idle.splice(keep.idle.indexOf(process), 1);
    process.end();
  }

  #forget(process: CatFile): void {
    clearTimeout(this.#idle.get(process)?.timer);
    this.#idle.delete(process);
  }

  #keepOf(gitDir: string, lane: Lane): Keep {
    const key = `${lane} ${gitDir}`;
    const known = this.#keeps.get(key);
    if (known !== undefined) return known;
    const keep: Keep = { idle: [], waiting: [], busy: 0 };
    this.#keeps.set(key, keep);
    return keep;
  }
}

/** Waits until somebody gives a process back. */
async function turn(keep: Keep, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const onAbort = () => {
    const at = keep.waiting.indexOf(resolve);
    if (at >= 0) keep.waiting.splice(at, 1);
    reject(signal.reason);
  };
  signal.addEventListener('abort', onAbort, { once: true });
  keep.waiting.push(resolve);
  await promise.finally(() => signal.removeEventListener('abort', onAbort));
}
