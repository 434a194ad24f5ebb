import { type ChildProcess, spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Credentials } from './server.ts';

const COMMAND = fileURLToPath(new URL('../../bin/slipway.mjs', import.meta.url));

/** A server as a user runs it: a process of its own, that can be killed. */
export interface ServerProcess {
  readonly url: string;
  readonly pid: number;
  readonly admin: Credentials;
  /** Sends a signal and waits for the end. @returns the exit code, or the signal's name */
  end(signal: NodeJS.Signals): Promise<number | NodeJS.Signals | null>;
}

/**
 * Starts `slipway serve` on a free port and waits until it serves.
 *
 * @throws Error with what it printed, when it ends instead
 */
export async function startServerProcess(
  dataFolder: string,
  environment: Readonly<Record<string, string>> = {},
): Promise<ServerProcess> {
  const child = spawn(process.execPath, [COMMAND, 'serve', '--port', '0', '--data', dataFolder], {
    env: { PATH: process.env.PATH, HOME: process.env.HOME, SLIPWAY_LOG_LEVEL: 'error', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = new Promise<number | NodeJS.Signals | null>((resolve) =>
    child.once('close', (code, signal) => resolve(code ?? signal)),
  );
  const url = await waitForUrl(child, ended);
  return {
    url,
    pid: child.pid ?? 0,
    admin: { username: 'admin', apiKey: (await readFile(join(dataFolder, 'admin.key'), 'utf8')).trim() },
    end(signal) {
      child.kill(signal);
      return ended;
    },
  };
}

async function waitForUrl(child: ChildProcess, ended: Promise<unknown>): Promise<string> {
  let output = '';
  const found = new Promise<string>((resolve) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        output += chunk.toString();
        const url = /https?:\/\/127\.0\.0\.1:\d+/.exec(output)?.[0];
        if (url !== undefined) resolve(url);
      });
    }
  });
  const failed = ended.then((how) => Promise.reject(new Error(`The server ended with ${String(how)}:\n${output}`)));
  return Promise.race([found, failed]);
}
