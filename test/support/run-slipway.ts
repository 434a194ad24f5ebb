import { type ChildProcess, spawn } from 'node:child_process';
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

/** Starts `slipway` as a process of its own, which is killed when the test ends before it does. */
export function startSlipway(
  test: { after(work: () => unknown): void },
  folder: string,
  args: readonly string[],
  variables: Readonly<Record<string, string>> = {},
): RunningSlipway {
  const child = spawn(process.execPath, [COMMAND, ...args], {
    cwd: folder,
    env: { PATH: process.env.PATH, HOME: folder, SLIPWAY_LOG_LEVEL: 'error', ...variables },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
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
  test: { after(work: () => unknown): void },
  folder: string,
  args: readonly string[],
  variables: Readonly<Record<string, string>> = {},
): Promise<Outcome> {
  return startSlipway(test, folder, args, variables).ended;
}
