import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { Outcome } from './command-line.ts';
import { until } from './until.ts';

const COMMAND = fileURLToPath(new URL('../../bin/slipway.mjs', import.meta.url));

export interface RunningSlipway {
  readonly process: ChildProcess;
  /** What it has printed so far, on both streams. */
  printed(): string;
  /** Waits until it has printed this. */
  untilPrinted(text: string): Promise<void>;
  readonly ended: Promise<Outcome>;
}

type Context = { after(work: () => unknown): void };

/** Starts `slipway` as a process of its own, which is killed when the test ends before it does. */
export function startSlipway(
  test: Context,
  folder: string,
  args: readonly string[],
  variables: Readonly<Record<string, string>> = {},
): RunningSlipway {
  const stdio: ['ignore', 'pipe', 'pipe'] = ['ignore', 'pipe', 'pipe'];
  const child = spawn(process.execPath, [COMMAND, ...args], {
    cwd: folder,
    env: environment(folder, variables),
    stdio,
  });
  return watch(test, child, args);
}

/**
 * Starts `slipway` on a terminal of its own, 60 columns wide. Its two streams come out as one, `stdout`; what is written
 * to the process's `stdin` is typed there.
 */
export function startOnTerminal(
  test: Context,
  folder: string,
  args: readonly string[],
  variables: Readonly<Record<string, string>> = {},
): RunningSlipway {
  const words = [process.execPath, COMMAND, ...args].map((word) => `'${word.replaceAll("'", "'\\''")}'`);
  const child = spawn('script', ['-qec', `stty cols 60; exec ${words.join(' ')}`, '/dev/null'], {
    cwd: folder,
    env: { TERM: 'xterm', SHELL: '/bin/sh', ...environment(folder, variables) },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  return watch(test, child, args);
}

function environment(folder: string, variables: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  const { PATH, NODE_COMPILE_CACHE } = process.env;
  return { PATH, NODE_COMPILE_CACHE, HOME: folder, SLIPWAY_LOG_LEVEL: 'error', ...variables };
}

type Watched = ChildProcess & { readonly stdout: Readable; readonly stderr: Readable };

function watch(test: Context, child: Watched, args: readonly string[]): RunningSlipway {
  test.after(() => child.kill('SIGKILL'));
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    stdout += chunk;
  });
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    stderr += chunk;
  });
  const ended = new Promise<Outcome>((resolve) =>
    child.once('close', (code) => resolve({ code: code ?? -1, stdout, stderr })),
  );
  return {
    process: child,
    printed: () => stdout + stderr,
    ended,
    async untilPrinted(text) {
      const isOver = ended.then(({ code }) => {
        if (!(stdout + stderr).includes(text)) throw new Error(`It ended with ${code}:\n${stdout}${stderr}`);
      });
      const isPrinted = until(`${args[0]} prints '${text}'`, () => (stdout + stderr).includes(text), 60_000);
      await Promise.race([isPrinted, isOver]);
    },
  };
}

/** Runs `slipway` to its end. */
export function runSlipway(
  test: Context,
  folder: string,
  args: readonly string[],
  variables: Readonly<Record<string, string>> = {},
): Promise<Outcome> {
  return startSlipway(test, folder, args, variables).ended;
}
